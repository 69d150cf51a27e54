#!/usr/bin/env python3
"""Maintainer's tool, second step of the lips recipe: learns the lessons of make-lessons.ts and writes lips.onnx.

Usage: python3 models/lips/train.py <out.onnx> <folder of lessons> … [--epochs 10]
Needs Debian's python3-torch and python3-numpy. All sound is what src/audio's MelStream gives; levels are what src/motion's SpeechLevel gives.
"""
import argparse
import copy
import math
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

BANDS, FRAMES, GROUPS = 80, 16, 20
SHAPES = 7          # jaw (mm), pucker, funnel, stretch, upperUp, lowerDown, tongue
JAW_SCALE = 10.0    # the network's jaw is in units of 10 mm
CLASSES, SLOTS = 8, 4
STATE = 96
CHUNK = 50          # video frames in one training sequence: 2 s
COEFFICIENTS = 15   # the renderer's, see src/base/motion-frame.ts
VOICELESS, VOICELESS_WEIGHT = 5, 3.0   # sounds without a voice are few, and opening on them is seen at once
EMA = 0.997         # the exported weights are a running mean


# Time that each class takes: in the lessons, a third silent and rich in closures, and in ordinary English speech, which the exported visemes are told for.
LESSON_SHARES = torch.tensor([0.378, 0.063, 0.031, 0.148, 0.071, 0.094, 0.100, 0.115])
SPEECH_SHARES = torch.tensor([0.150, 0.060, 0.034, 0.247, 0.136, 0.077, 0.153, 0.143])


class Lips(nn.Module):
    """One video frame: 0.2 s of mel relative to voice and noise, the state before it -> mouth, visemes, the state after it."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(BANDS + GROUPS, 96, 3)
        self.conv2 = nn.Conv1d(96, 96, 3, stride=2)
        self.dense = nn.Linear(96 * 6 + COEFFICIENTS + 1, 160)
        self.state = nn.GRUCell(160, STATE)
        self.mix = nn.Linear(160 + STATE, 128)
        self.shapes = nn.Linear(128, SHAPES)
        self.contacts = nn.Linear(128, 3)               # closure, tuck, silence
        self.visemes = nn.Linear(128, CLASSES * SLOTS)
        self.drop = nn.Dropout(0.2)

    def look(self, sound, floor):
        """sound: N x 80 x 16, (dB - voice level) / 25; floor: N x 20, noise likewise -> N x 576."""
        grouped = sound.reshape(-1, GROUPS, BANDS // GROUPS, FRAMES).mean(2)
        over = torch.clamp(grouped - floor.unsqueeze(2) - 0.16, min=0.0)
        x = torch.cat([torch.clamp(sound, -2.2, 1.0) * 0.7 + 0.7, over], dim=1)
        x = F.leaky_relu(self.conv1(x), 0.05)
        x = F.leaky_relu(self.conv2(x), 0.05)
        return x.flatten(1)

    def settle(self, seen, reference, blink):
        return F.leaky_relu(self.dense(self.drop(torch.cat([seen, reference, blink], dim=1))), 0.05)

    def speak(self, felt, state):
        x = F.leaky_relu(self.mix(self.drop(torch.cat([felt, state], dim=1))), 0.05)
        return self.shapes(x), self.contacts(x), self.visemes(x)


def ramp(x, low, high):
    t = torch.clamp((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


class Exported(nn.Module):
    """The graph of lips.onnx: the network and what turns its answers into the renderer's coefficients."""

    def __init__(self, lips, thresholds):
        super().__init__()
        self.lips = lips
        self.thresholds = thresholds

    def forward(self, sound, floor, reference, blink, state):
        felt = self.lips.settle(self.lips.look(sound, floor), reference, blink)
        after = self.lips.state(felt, state)
        shapes, contacts, visemes = self.lips.speak(felt, after)
        return mouth_of(shapes, contacts, self.thresholds), F.softmax(visemes.reshape(-1, SLOTS, CLASSES) + torch.log(SPEECH_SHARES / LESSON_SHARES), dim=2), after


def mouth_of(shapes, contacts, t):
    """Lips that meet part not at all: what opens them gives way to closure, tuck and silence."""
    p = torch.sigmoid(contacts)
    closure = ramp(p[:, 0:1], t['closure_from'], t['closure_to'])
    tuck = ramp(p[:, 1:2], t['tuck_from'], t['tuck_to']) * (1.0 - closure)
    sounding = 1.0 - ramp(p[:, 2:3], t['silence_from'], t['silence_to'])
    jaw = torch.clamp(shapes[:, 0:1] * t['jaw_gain'] - t['jaw_off'], 0.0, 1.45) * JAW_SCALE
    rounded = torch.clamp(shapes[:, 1:3] * t['round_gain'] - t['round_off'], 0.0, 1.0)
    rest = torch.cat([rounded, torch.clamp(shapes[:, 3:] * t['gain'], 0.0, 1.0)], dim=1) * sounding
    opening = sounding * (1.0 - closure) * (1.0 - 0.75 * tuck)
    pucker, funnel, stretch, upper_up, lower_down, tongue = (rest[:, i:i + 1] for i in range(SHAPES - 1))
    zero = torch.zeros_like(jaw)
    free = (1.0 - closure) * (1.0 - 0.75 * tuck)
    # In the order of FACE_COEFFICIENTS: jaw pucker funnel smile stretch upperUp lowerDown press tuck brow blinks gaze tongue.
    return torch.cat([jaw * opening, pucker, funnel * free, zero, stretch, torch.maximum(upper_up * free, 0.45 * tuck * sounding), lower_down * free,
                      closure * sounding, tuck * sounding, zero, zero, zero, zero, zero, tongue * (1.0 - closure)], dim=1)


THRESHOLDS = dict(closure_from=0.3, closure_to=0.55, tuck_from=0.25, tuck_to=0.55, silence_from=0.3, silence_to=0.7, jaw_gain=1.5, jaw_off=0.05, gain=1.6, round_gain=3.4, round_off=0.3)


def load(folders):
    read = lambda name, kind, width: np.concatenate([np.fromfile(f'{folder}/{name}', kind).reshape(-1, width) for folder in folders])
    return (read('sound.u8', np.uint8, BANDS * FRAMES), read('floor.f32', np.float32, 1 + GROUPS), read('mouth.f32', np.float32, SHAPES + 3),
            read('visemes.u8', np.uint8, SLOTS), read('clips.i32', np.int32, 2))


def sequences(clips):
    """Start, length and weight of training sequences of CHUNK frames: each clip cut up, its last piece reaching back."""
    starts, at = [], 0
    for length, kind in clips:
        for start in range(0, max(1, length - CHUNK // 2), CHUNK):
            first = max(0, min(start, length - CHUNK))
            starts.append((at + first, min(CHUNK, length), VOICELESS_WEIGHT if kind == VOICELESS else 1.0))
        at += length
    return starts


def vary(sound, generator):
    """Other voices, cheaply: bands shifted and stretched (vocal tract length), a smooth random colour, bands and moments missing. sound: S x T x 80 x 16."""
    s = sound.shape[0]
    rand = lambda *shape: torch.rand(*shape, generator=generator)
    scale = 1.0 + 0.14 * (rand(s, 1) - 0.5) * 2.0
    place = torch.arange(BANDS).float().unsqueeze(0) * scale + (rand(s, 1) - 0.5) * 4.0
    place = place.clamp(0, BANDS - 1.001)
    low = place.floor().long()
    part = (place - low).reshape(s, 1, BANDS, 1)
    index = low.reshape(s, 1, BANDS, 1).expand(-1, sound.shape[1], -1, FRAMES)
    sound = torch.gather(sound, 2, index) * (1.0 - part) + torch.gather(sound, 2, index + 1) * part
    colour = F.interpolate(torch.randn(s, 1, 7, generator=generator) * 0.12, size=BANDS, mode='linear', align_corners=True).reshape(s, 1, BANDS, 1)
    sound = sound + colour + (rand(s, 1, 1, 1) - 0.5) * 0.3
    band = (rand(s) * (BANDS - 8)).long()
    wide = (rand(s) * 9 * (rand(s) < 0.5)).long()
    ladder = torch.arange(BANDS).unsqueeze(0)
    hole = ((ladder >= band.unsqueeze(1)) & (ladder < (band + wide).unsqueeze(1))).reshape(s, 1, BANDS, 1)
    # Engines smooth or sharpen the spectrum and flatten or exaggerate its movement: so do we.
    near = F.avg_pool2d(sound.flatten(0, 1).unsqueeze(1), (5, 1), 1, (2, 0), count_include_pad=False).reshape(sound.shape)
    sound = near + (sound - near) * (0.3 + 1.4 * rand(s, 1, 1, 1))
    sound = torch.where(sound > -1.5, -0.3 + (sound + 0.3) * (0.75 + 0.5 * rand(s, 1, 1, 1)), sound)
    return torch.where(hole, torch.full_like(sound, -1.6), sound)


def batch_of(data, picked, generator, training):
    sound, floor, mouth, visemes, _ = data
    size = max(length for _, length, _ in picked)
    rows = np.stack([np.minimum(np.arange(size), length - 1) + start for start, length, _ in picked])
    mask = torch.from_numpy(np.stack([(np.arange(size) < length) * weight for _, length, weight in picked])).float()
    db = torch.from_numpy(sound[rows]).float() * (100.0 / 255.0) - 100.0
    levels = torch.from_numpy(floor[rows])
    x = ((db.reshape(len(picked), size, BANDS, FRAMES)) - levels[:, :, 0].reshape(len(picked), size, 1, 1)) / 25.0
    noise = torch.clamp((levels[:, :, 1:] - levels[:, :, :1]) / 25.0, -2.5, 0.5)
    if training:
        x = vary(x, generator)
    return x, noise, torch.from_numpy(mouth[rows]), torch.from_numpy(visemes[rows]).long(), mask


def run(lips, x, noise):
    """Runs whole sequences: everything but the state at once, then the state step by step."""
    s, t = x.shape[:2]
    blank = torch.zeros(s * t, COEFFICIENTS + 1)
    seen = lips.look(x.reshape(s * t, BANDS, FRAMES), noise.reshape(s * t, GROUPS))
    felt = lips.settle(seen, blank[:, :COEFFICIENTS], blank[:, COEFFICIENTS:]).reshape(s, t, -1)
    state, states = torch.zeros(s, STATE), []
    for step in range(t):
        state = lips.state(felt[:, step], state)
        states.append(state)
    shapes, contacts, visemes = lips.speak(felt.reshape(s * t, -1), torch.stack(states, 1).reshape(s * t, STATE))
    return shapes.reshape(s, t, -1), contacts.reshape(s, t, -1), visemes.reshape(s, t, SLOTS, CLASSES)


SHAPE_WEIGHTS = torch.tensor([3.0, 1.5, 1.5, 1.0, 0.7, 0.7, 0.3])
CONTACT_RARITY = torch.tensor([2.0, 2.0, 1.0])


def loss_of(lips, batch):
    x, noise, mouth, visemes, mask = batch
    shapes, contacts, answers = run(lips, x, noise)
    wanted = torch.cat([mouth[:, :, :1] / JAW_SCALE, mouth[:, :, 1:SHAPES]], dim=2)
    # Behind a contact the shape is not heard; it counts less there.
    free = (1.0 - 0.6 * mouth[:, :, SHAPES:SHAPES + 1]) * mask.unsqueeze(2)
    shape = (((shapes - wanted) ** 2) * SHAPE_WEIGHTS * free).sum() / mask.sum()
    contact = (F.binary_cross_entropy_with_logits(contacts, mouth[:, :, SHAPES:], pos_weight=CONTACT_RARITY, reduction='none') * mask.unsqueeze(2)).sum() / mask.sum()
    viseme = (F.cross_entropy(answers.permute(0, 3, 1, 2), visemes, reduction='none', label_smoothing=0.02).mean(2) * mask).sum() / mask.sum()
    right = ((answers.argmax(3) == visemes).float().mean(2) * mask).sum() / mask.sum()
    return 4.0 * shape + 0.7 * contact + 0.8 * viseme, float(shape), float(contact), float(right)


def train(data, arguments):
    generator = torch.Generator().manual_seed(arguments.seed)
    torch.manual_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    pieces = sequences(data[4])
    held = set(rng.permutation(len(pieces))[:120].tolist())
    learnt = [piece for i, piece in enumerate(pieces) if i not in held]
    kept = [pieces[i] for i in sorted(held)]
    lips = Lips()
    optimiser = torch.optim.AdamW(lips.parameters(), lr=2e-3, weight_decay=1e-2)
    steps = arguments.epochs * (len(learnt) // arguments.batch)
    mean = copy.deepcopy(lips).eval()
    step, began = 0, time.time()
    for epoch in range(arguments.epochs):
        lips.train()
        order, totals = rng.permutation(len(learnt)), np.zeros(4)
        for at in range(0, len(learnt) - arguments.batch + 1, arguments.batch):
            rate = 2e-3 * min(1.0, (step + 1) / 60) * (0.5 + 0.5 * math.cos(math.pi * step / steps))
            for group in optimiser.param_groups:
                group['lr'] = rate
            loss, *figures = loss_of(lips, batch_of(data, [learnt[i] for i in order[at:at + arguments.batch]], generator, True))
            optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(lips.parameters(), 1.0)
            optimiser.step()
            keep = min(EMA, step / (step + 20))
            with torch.no_grad():
                for slow, fast in zip(mean.parameters(), lips.parameters()):
                    slow.lerp_(fast, 1.0 - keep)
            totals += np.array([float(loss.detach()), *figures])
            step += 1
            if step % 100 == 0:
                print(f'step {step} of {steps}: {np.round(totals / (step - epoch * (steps // arguments.epochs)), 4)} after {time.time() - began:.0f} s', flush=True)
        with torch.no_grad():
            check = loss_of(mean, batch_of(data, kept, generator, False))
        print(f'epoch {epoch + 1}: {np.round(totals * arguments.epochs / steps, 4)} held out {float(check[0]):.4f} {np.round(check[1:], 4)} after {time.time() - began:.0f} s', flush=True)
        export(mean, arguments.out)


def export(lips, path):
    lips.eval()
    torch.save(lips.state_dict(), path + '.pt')
    example = (torch.zeros(1, BANDS, FRAMES), torch.zeros(1, GROUPS), torch.zeros(1, COEFFICIENTS), torch.zeros(1, 1), torch.zeros(1, STATE))
    torch.onnx.export(Exported(lips, THRESHOLDS), example, path, opset_version=14, input_names=['sound', 'floor', 'reference', 'blink', 'state'],
                      output_names=['mouth', 'visemes', 'stateAfter'])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('out')
    parser.add_argument('lessons', nargs='*')
    parser.add_argument('--epochs', type=int, default=10)
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--weights', help='export these instead of training')
    parser.add_argument('--set', default='', help='thresholds that differ, as name=value,name=value')
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    THRESHOLDS.update((name, float(value)) for name, value in (pair.split('=') for pair in arguments.set.split(',') if pair))
    if arguments.weights is not None:
        lips = Lips()
        lips.load_state_dict(torch.load(arguments.weights))
        export(lips, arguments.out)
    else:
        train(load(arguments.lessons), arguments)


if __name__ == '__main__':
    main()
