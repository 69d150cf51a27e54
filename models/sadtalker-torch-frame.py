#!/usr/bin/env python3
"""Maintainer's tool: milliseconds that PyTorch takes for the per-frame part of SadTalker's renderer at its official widths.

Usage: python3 models/sadtalker-torch-frame.py [--size 256] [--threads 2] [--runs 3] [--batch 1]
Prints one line of JSON: {"medianMs": …, "torch": …, "threads": …, "size": …, "batch": …}; milliseconds are of one frame.
Needs Debian's python3-torch. The network is written from its description, layer for layer as PyTorch users run it; what depends on
the portrait alone is left out. The weights are random: what they are does not change the time.
"""
import argparse
import json
import statistics
import time

import torch
from torch.nn import functional as F

KEYPOINTS, DEPTH, VOLUME, COMPRESSED = 15, 16, 32, 4
MOTIONS = KEYPOINTS + 1
DOWN = [80, 64, 128, 256, 512, 1024]
UP = [(1024, 512), (1024, 256), (512, 128), (256, 64), (128, 32)]
HIDDEN, SEGMENTATION = 128, 256


class Frame:
    """The networks; a weight is made when its name is first used."""

    def __init__(self, side):
        self.side = side
        self.weights = {}
        self.generator = torch.Generator().manual_seed(1)

    def weight(self, name, *shape):
        if name not in self.weights:
            columns = max(1, torch.Size(shape[1:]).numel())
            self.weights[name] = torch.randn(shape, generator=self.generator) * columns ** -0.5
        return self.weights[name]

    def conv(self, name, x, outputs, kernel, bias=True):
        axes = x.dim() - 2
        weight = self.weight(name, outputs, x.shape[1], *([kernel] * axes))
        function = F.conv3d if axes == 3 else F.conv2d
        return function(x, weight, self.weight(f"{name}.bias", outputs) if bias else None, padding=kernel // 2)

    def normed(self, name, x, outputs):
        """conv k3, batch norm."""
        y = self.conv(name, x, outputs, 3)
        zeros, ones = torch.zeros(outputs), torch.ones(outputs)
        return F.batch_norm(y, zeros, ones, ones, zeros, False, 0.1, 1e-5)

    def grid(self):
        line = lambda count: torch.linspace(-1, 1, count)
        z, y, x = torch.meshgrid(line(DEPTH), line(self.side), line(self.side), indexing="ij")
        return torch.stack([x, y, z], dim=-1)

    def gaussians(self, grid, points):
        return torch.exp(-0.5 * ((grid - points[:, :, None, None, None]) ** 2).sum(-1) / 0.01)

    def dense_motion(self, feature, source, driving):
        frames, side, grid = driving.shape[0], self.side, self.grid()
        compressed = F.relu(self.conv("compress", feature, COMPRESSED, 1))
        shift = torch.cat([torch.zeros(frames, 1, 3), source - driving], dim=1)
        motions = grid + shift[:, :, None, None, None]
        repeated = compressed[:, None].expand(-1, MOTIONS, -1, -1, -1, -1).reshape(-1, COMPRESSED, DEPTH, side, side)
        moved = F.grid_sample(repeated, motions.flatten(0, 1), align_corners=False).view(frames, MOTIONS, COMPRESSED, DEPTH, side, side)
        heat = self.gaussians(grid, driving) - self.gaussians(grid, source)
        heat = torch.cat([torch.zeros_like(heat[:, :1]), heat], dim=1)
        x = torch.cat([heat[:, :, None], moved], dim=2).flatten(1, 2)
        skips = [x]
        for level, outputs in enumerate(DOWN[1:]):
            x = F.avg_pool3d(F.relu(self.normed(f"down{level}", x, outputs)), (1, 2, 2))
            skips.append(x)
        skips.pop()
        for level, (_, outputs) in enumerate(UP):
            up = F.relu(self.normed(f"up{level}", F.interpolate(x, scale_factor=(1, 2, 2)), outputs))
            x = torch.cat([up, skips.pop()], dim=1)
        x = F.relu(self.normed("last", x, x.shape[1]))
        mask = torch.softmax(self.conv("mask", x, MOTIONS, 7), dim=1)
        kept = torch.where(mask < 1e-3, torch.zeros_like(mask), mask)
        deformation = (motions.permute(0, 1, 5, 2, 3, 4) * kept[:, :, None]).sum(1).permute(0, 2, 3, 4, 1)
        return deformation, torch.sigmoid(self.conv("occlusion", x.flatten(1, 2), 1, 7))

    def spade(self, name, x, segmentation):
        seen = F.relu(self.conv(f"{name}.shared", F.interpolate(segmentation, size=x.shape[2:]), HIDDEN, 3))
        gamma, beta = self.conv(f"{name}.gamma", seen, x.shape[1], 3), self.conv(f"{name}.beta", seen, x.shape[1], 3)
        return F.instance_norm(x, eps=1e-5) * (1 + gamma) + beta

    def block(self, name, x, segmentation, outputs):
        channels = x.shape[1]
        inner = self.conv(f"{name}.0", F.leaky_relu(self.spade(f"{name}.norm0", x, segmentation), 0.2), min(channels, outputs), 3)
        inner = self.conv(f"{name}.1", F.leaky_relu(self.spade(f"{name}.norm1", inner, segmentation), 0.2), outputs, 3)
        if channels == outputs:
            return x + inner
        return self.conv(f"{name}.s", self.spade(f"{name}.norms", x, segmentation), outputs, 1, bias=False) + inner

    def frames(self, feature, source, driving):
        deformation, occlusion = self.dense_motion(feature, source, driving)
        warped = F.grid_sample(feature, deformation, align_corners=False).flatten(1, 2)
        seen = F.leaky_relu(self.normed("third", warped, SEGMENTATION), 0.01)
        segmentation = self.conv("fourth", seen, SEGMENTATION, 1) * occlusion
        x = self.conv("fc", segmentation, 2 * SEGMENTATION, 3)
        for i in range(6):
            x = self.block(f"middle{i}", x, segmentation, 2 * SEGMENTATION)
        x = self.block("rise0", F.interpolate(x, scale_factor=2), segmentation, SEGMENTATION)
        x = self.block("rise1", F.interpolate(x, scale_factor=2), segmentation, 64)
        return torch.sigmoid(self.conv("image", F.leaky_relu(x, 0.2), 3, 3))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, value in (("size", 256), ("threads", 2), ("runs", 3), ("batch", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.set_grad_enabled(False)
    side = options.size // 4
    frame = Frame(side)
    feature = torch.randn(1, VOLUME, DEPTH, side, side, generator=frame.generator).expand(options.batch, -1, -1, -1, -1)
    source = torch.rand(options.batch, KEYPOINTS, 3, generator=frame.generator) - 0.5
    driving = source + 0.1 * torch.rand(options.batch, KEYPOINTS, 3, generator=frame.generator)
    times = []
    for run in range(options.runs + 1):
        start = time.perf_counter()
        picture = frame.frames(feature, source, driving)
        times.append(1000 * (time.perf_counter() - start) / options.batch)
    if picture.shape != (options.batch, 3, options.size, options.size) or not bool(torch.isfinite(picture).all()):
        raise SystemExit("The network gave no picture.")
    print(json.dumps({"medianMs": round(statistics.median(times[1:]), 1), "torch": torch.__version__, "threads": options.threads, "size": options.size, "batch": options.batch}))


main()
