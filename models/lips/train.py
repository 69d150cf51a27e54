#!/usr/bin/env python3
"""Maintainer's tool, second step of the lips recipe: learns the lessons of make-lessons.ts and writes lips.onnx.

Usage: python3 models/lips/train.py <out.pt> <folder of lessons> … [--seed 1] [--epochs 12] [--bf16]   learns one network
       python3 models/lips/train.py <out.onnx> --join <out.pt> … [--set name=value,…]                joins networks, which answer with their mean, in a file
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
from torch.nn.utils import parametrize

BANDS, FRAMES, GROUPS = 80, 16, 20
SHAPES = 7          # jaw (mm), pucker, funnel, stretch, upperUp, lowerDown, tongue
JAW_SCALE = 10.0    # the network's jaw is in units of 10 mm
CLASSES, SLOTS = 8, 4
GRU = 128
PHONES = 48         # at least as many as the recipe's PHONES
CHUNK = 50          # video frames in one training sequence: 2 s
COEFFICIENTS = 15   # the renderer's, see src/base/motion-frame.ts
VOICELESS, VOICELESS_WEIGHT = 5, 2.0   # sounds without a voice are few, and opening on them is seen at once
EMA = 0.997         # the exported weights are a running mean


SILENCE_WEIGHT = 0.5   # much of a lesson is silent and easily learnt

# Time that each class takes in ordinary English speech, which the exported visemes are told for: the lessons are a third silent and rich in closures.
# Real voices make closures a little likelier to the networks than they are, f, v and spread vowels less: these three were set on the development recordings.
SPEECH_SHARES = torch.tensor([0.150, 0.054, 0.051, 0.247, 0.136, 0.077, 0.187, 0.143])

# How far the lips part for each phone, in mm: the same table that loadtest/lips/phone-track.ts holds drawn lips against, and 3 for what is not named.
OPENINGS_MM = dict(sil=0, p=0, b=0, m=0, f=1, v=1, w=2.5, uw=3, uh=4, s=2.5, z=2.5, l=4.5, r=3.5, y=3.5, k=4.5, g=4.5, ng=4.5, hh=5, iy=4, ih=4.5, ey=6, er=5, ax=7,
                   eh=7.5, o=6.5, ow=6.5, oy=6.5, ah=8, ae=10, ao=9.5, ay=10, aw=10, aa=11.5, oe=5)


class Lips(nn.Module):
    """One network on one video frame: 0.2 s of mel relative to voice and noise, the state before it -> what the mouth does, the state after it."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv1d(BANDS + GROUPS, 128, 3)
        self.conv2 = nn.Conv1d(128, 112, 3, stride=2)
        self.dense = nn.Linear(112 * 6 + COEFFICIENTS + 1, 192)
        self.state = nn.GRUCell(192, GRU)
        self.mix = nn.Linear(192 + GRU, 128)
        self.shapes = nn.Linear(128, SHAPES)
        self.contacts = nn.Linear(128, 3)               # closure, tuck, silence
        self.visemes = nn.Linear(128, CLASSES * SLOTS)
        self.opening = nn.Linear(128, 1)                # how far the lips part, contacts aside, in units of 10 mm
        self.phones = nn.Linear(128, PHONES * SLOTS)    # learnt because it teaches the layers below; not exported
        self.drop = nn.Dropout(0.25)
        self.register_buffer('shares', torch.full((CLASSES,), 1.0 / CLASSES))   # of the classes in the lessons

    def look(self, sound, floor):
        """sound: N x 80 x 16, (dB - voice level) / 25; floor: N x 20, noise likewise -> N x 672."""
        grouped = sound.reshape(-1, GROUPS, BANDS // GROUPS, FRAMES).mean(2)
        over = torch.clamp(grouped - floor.unsqueeze(2) - 0.16, min=0.0)
        plain = torch.clamp(sound, -2.2, 1.0) * 0.7 + 0.7
        x = F.leaky_relu(self.conv1(torch.cat([plain, over], dim=1)), 0.05)
        x = F.leaky_relu(self.conv2(x), 0.05)
        return x.flatten(1)

    def settle(self, seen, reference, blink):
        return F.leaky_relu(self.dense(self.drop(torch.cat([seen, reference, blink], dim=1))), 0.05)

    def speak(self, felt, state):
        x = F.leaky_relu(self.mix(self.drop(torch.cat([felt, state], dim=1))), 0.05)
        return self.shapes(x), self.contacts(x), self.opening(x), self.visemes(x), self.phones(x)

    def told(self, visemes):
        """Logits of the lessons' classes, N x 32 -> probabilities in ordinary speech, N x 4 x 8."""
        return F.softmax(visemes.reshape(-1, SLOTS, CLASSES) + torch.log(SPEECH_SHARES / self.shares), dim=2)


def ramp(x, low, high):
    t = torch.clamp((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


class Exported(nn.Module):
    """The graph of lips.onnx: networks that answer with their mean, and what turns the answer into the renderer's coefficients."""

    def __init__(self, networks, thresholds):
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.thresholds = thresholds

    def forward(self, sound, floor, reference, blink, state):
        answers, after = [], []
        for lips, before in zip(self.networks, state.split(GRU, dim=1)):
            felt = lips.settle(lips.look(sound, floor), reference, blink)
            after.append(lips.state(felt, before))
            shapes, contacts, opening, visemes, _ = lips.speak(felt, after[-1])
            answers.append((shapes, contacts, opening, lips.told(visemes)))
        shapes, contacts, opening, visemes = (torch.stack(parts).mean(0) for parts in zip(*answers))
        return mouth_of(shapes, contacts, opening, self.thresholds), visemes, torch.cat(after, dim=1)


class Widened(nn.Module):
    """Weights that are kept in 16 bits and used in 32: half the file."""

    def forward(self, weights):
        return weights.float()


def mouth_of(shapes, contacts, opening, t):
    """The jaw follows its own target and the lips' opening. Lips that meet part not at all: what opens them gives way to closure, tuck and silence."""
    p = torch.sigmoid(contacts)
    closure = ramp(p[:, 0:1], t['closure_from'], t['closure_to'])
    tuck = ramp(p[:, 1:2], t['tuck_from'], t['tuck_to']) * (1.0 - closure)
    sounding = 1.0 - ramp(p[:, 2:3], t['silence_from'], t['silence_to'])
    opened = shapes[:, 0:1] + (opening - shapes[:, 0:1]) * t['jaw_by_opening']
    jaw = torch.clamp(opened * t['jaw_gain'] - t['jaw_off'], 0.0, 1.45) * JAW_SCALE
    # Columns of the shapes after the jaw: pucker, funnel, stretch, upperUp, lowerDown, tongue.
    scaled = lambda column, gain, off=0.0: torch.clamp(shapes[:, column:column + 1] * t[gain] - off, 0.0, 1.0) * sounding
    pucker, funnel = scaled(1, 'pucker_gain', t['round_off']), scaled(2, 'funnel_gain', t['round_off'])
    stretch, upper_up, lower_down, tongue = scaled(3, 'stretch_gain'), scaled(4, 'part_gain'), scaled(5, 'part_gain'), scaled(6, 'tongue_gain')
    free = (1.0 - closure) * (1.0 - 0.75 * tuck)
    # Lips that press spread a little and roll in, unless they are round.
    pressed = closure * sounding
    stretch = torch.maximum(stretch, t['press_stretch'] * pressed * (1.0 - pucker))
    zero = torch.zeros_like(jaw)
    # In the order of FACE_COEFFICIENTS: jaw pucker funnel smile stretch upperUp lowerDown press tuck brow blinks gaze tongue.
    return torch.cat([jaw * sounding * free, pucker, funnel * free, zero, stretch, torch.maximum(upper_up * free, 0.45 * tuck * sounding), lower_down * free,
                      pressed, torch.maximum(tuck * sounding, t['press_tuck'] * pressed), zero, zero, zero, zero, zero, tongue * (1.0 - closure)], dim=1)


THRESHOLDS = dict(closure_from=0.28, closure_to=0.62, tuck_from=0.35, tuck_to=0.85, silence_from=0.5, silence_to=0.9, jaw_by_opening=0.75, jaw_gain=1.25, jaw_off=0.19,
                  stretch_gain=2.5, part_gain=1.8, tongue_gain=1.6, pucker_gain=2.2, funnel_gain=2.4, round_off=0.2, press_stretch=0.25, press_tuck=0.3)


def load(folders):
    read = lambda name, kind, width: np.concatenate([np.fromfile(f'{folder}/{name}', kind).reshape(-1, width) for folder in folders])
    with open(f'{folders[0]}/phones.txt') as file:
        names = file.read().split()
    phones = read('phones.u8', np.uint8, SLOTS)
    mouth = np.concatenate([read('mouth.f32', np.float32, SHAPES + 3), opening_of(phones, names)], axis=1)
    return read('sound.u8', np.uint8, BANDS * FRAMES), read('floor.f32', np.float32, 1 + GROUPS), mouth, read('visemes.u8', np.uint8, SLOTS), phones, read('clips.i32', np.int32, 2)


def opening_of(phones, names):
    """How far the lips part in the middle of each video frame, F x 1 in units of 10 mm: the phones' table through a Hann window of 130 ms."""
    steps = np.array([OPENINGS_MM.get(name, 3.0) / JAW_SCALE for name in names], np.float32)[phones.ravel()]
    window = np.hanning(15)[1:-1]
    smooth = np.convolve(steps, window / window.sum(), mode='same').reshape(-1, SLOTS)
    return ((smooth[:, SLOTS // 2 - 1] + smooth[:, SLOTS // 2]) / 2.0).astype(np.float32)[:, None]


def sequences(clips):
    """Start, length and weight of training sequences of CHUNK frames: each clip cut up, its last piece reaching back."""
    starts, at = [], 0
    for length, kind in clips:
        for start in range(0, max(1, length - CHUNK // 2), CHUNK):
            first = max(0, min(start, length - CHUNK))
            starts.append((at + first, min(CHUNK, length), VOICELESS_WEIGHT if kind == VOICELESS else 1.0))
        at += length
    return starts


MOST_BEND = 2.0         # of the formants against one another, in bands
MOST_ROUGHNESS = 0.25   # noise on single cells, in units of 25 dB
BLUR = torch.tensor([[max(0.0, 1.0 - abs(i - j) / 3.0) for j in range(BANDS)] for i in range(BANDS)])
BLUR = BLUR / BLUR.sum(1, keepdim=True)


def throats(count, generator):
    """Matrices, count x 80 x 80, that make a spectrum another speaker's: shorter or longer, its formants nearer or farther, its harmonics blurred or sharpened."""
    rand = lambda *shape: torch.rand(*shape, generator=generator)
    bends = F.interpolate((rand(count, 1, 5) - 0.5) * 2.0 * MOST_BEND, size=BANDS, mode='linear', align_corners=True).squeeze(1)
    scale = 1.0 + 0.16 * (rand(count, 1) - 0.5) * 2.0
    place = (torch.arange(BANDS).float() * scale + (rand(count, 1) - 0.5) * 4.0 + bends).clamp(0, BANDS - 1)
    # A band is read at its place between two bands.
    warp = torch.clamp(1.0 - (place.unsqueeze(2) - torch.arange(BANDS).float()).abs(), min=0.0)
    sharp = 0.3 + 1.4 * rand(count, 1, 1)
    return (sharp * torch.eye(BANDS) + (1.0 - sharp) * BLUR) @ warp


def vary(sound, generator):
    """Other voices, cheaply: other throats, a smooth random colour, livelier or flatter, bands missing. sound: S x T x 80 x 16."""
    s, t = sound.shape[:2]
    rand = lambda *shape: torch.rand(*shape, generator=generator)
    sound = torch.bmm(throats(s, generator), sound.transpose(1, 2).reshape(s, BANDS, t * FRAMES)).reshape(s, BANDS, t, FRAMES).transpose(1, 2)
    colour = F.interpolate(torch.randn(s, 1, 7, generator=generator) * 0.15, size=BANDS, mode='linear', align_corners=True).reshape(s, 1, BANDS, 1)
    sound += colour + (rand(s, 1, 1, 1) - 0.5) * 0.3
    sound = torch.where(sound > -1.5, (sound + 0.3).mul_(0.75 + 0.5 * rand(s, 1, 1, 1)).sub_(0.3), sound)
    sound += (rand(*sound.shape) - 0.5).mul_(2.0 * MOST_ROUGHNESS * rand(s, 1, 1, 1))
    band = (rand(s) * (BANDS - 8)).long()
    wide = (rand(s) * 9 * (rand(s) < 0.5)).long()
    ladder = torch.arange(BANDS).unsqueeze(0)
    hole = ((ladder >= band.unsqueeze(1)) & (ladder < (band + wide).unsqueeze(1))).reshape(s, 1, BANDS, 1)
    return sound.masked_fill(hole, -1.6)


def batch_of(data, picked, generator, training):
    sound, floor, mouth, visemes, phones, _ = data
    size = max(length for _, length, _ in picked)
    rows = np.stack([np.minimum(np.arange(size), length - 1) + start for start, length, _ in picked])
    mask = torch.from_numpy(np.stack([(np.arange(size) < length) * weight for _, length, weight in picked])).float()
    db = torch.from_numpy(sound[rows]).float() * (100.0 / 255.0) - 100.0
    levels = torch.from_numpy(floor[rows])
    x = ((db.reshape(len(picked), size, BANDS, FRAMES)) - levels[:, :, 0].reshape(len(picked), size, 1, 1)) / 25.0
    noise = torch.clamp((levels[:, :, 1:] - levels[:, :, :1]) / 25.0, -2.5, 0.5)
    if training:
        x = vary(x, generator)
    mouths = torch.from_numpy(mouth[rows])
    mask = mask * (1.0 - (1.0 - SILENCE_WEIGHT) * mouths[:, :, SHAPES + 2])
    return x, noise, mouths, torch.from_numpy(visemes[rows]).long(), torch.from_numpy(phones[rows]).long(), mask


def run(lips, x, noise):
    """Runs whole sequences: everything but the state at once, then the state."""
    s, t = x.shape[:2]
    seen = lips.look(x.reshape(s * t, BANDS, FRAMES), noise.reshape(s * t, GROUPS))
    felt = lips.settle(seen, torch.zeros(s * t, COEFFICIENTS), torch.zeros(s * t, 1)).reshape(s, t, -1)
    cell = lips.state
    states, _ = torch.gru(felt, torch.zeros(1, s, GRU, dtype=felt.dtype), [cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh], True, 1, 0.0, False, False, True)
    shapes, contacts, opening, visemes, phones = (answer.float() for answer in lips.speak(felt.reshape(s * t, -1), states.reshape(s * t, GRU)))
    return shapes.reshape(s, t, -1), contacts.reshape(s, t, -1), opening.reshape(s, t, 1), visemes.reshape(s, t, SLOTS, CLASSES), phones.reshape(s, t, SLOTS, PHONES)


SHAPE_WEIGHTS = torch.tensor([3.0, 1.5, 1.5, 1.0, 0.7, 0.7, 0.3])
CONTACT_RARITY = torch.tensor([1.5, 1.5, 1.0])
OPENING_WEIGHT = 4.0
SHAPE_WEIGHT, CONTACT_WEIGHT, VISEME_WEIGHT, PHONE_WEIGHT = 4.0, 0.7, 1.0, 0.5


def loss_of(lips, batch):
    x, noise, mouth, visemes, phones, mask = batch
    shapes, contacts, opening, classes, names = run(lips, x, noise)
    over = lambda values: (values * mask).sum() / mask.sum()
    wanted = torch.cat([mouth[:, :, :1] / JAW_SCALE, mouth[:, :, 1:SHAPES]], dim=2)
    # Behind a contact the shape is not heard; it counts less there.
    free = 1.0 - 0.6 * mouth[:, :, SHAPES:SHAPES + 1]
    shape = over((((shapes - wanted) ** 2) * SHAPE_WEIGHTS * free).sum(2))
    shape = shape + OPENING_WEIGHT * over(((opening - mouth[:, :, SHAPES + 3:]) ** 2).sum(2))
    contact = over(F.binary_cross_entropy_with_logits(contacts, mouth[:, :, SHAPES:SHAPES + 3], pos_weight=CONTACT_RARITY, reduction='none').sum(2))
    named = lambda answers, truth: over(F.cross_entropy(answers.flatten(0, 2), truth.flatten(), reduction='none', label_smoothing=0.02).reshape(truth.shape).mean(2))
    viseme, phone = named(classes, visemes), named(names, phones)
    right = over((classes.argmax(3) == visemes).float().mean(2))
    return SHAPE_WEIGHT * shape + CONTACT_WEIGHT * contact + VISEME_WEIGHT * viseme + PHONE_WEIGHT * phone, float(shape), float(contact), float(right)


def train(data, arguments):
    generator = torch.Generator().manual_seed(arguments.seed)
    torch.manual_seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    pieces = sequences(data[-1])
    held = set(rng.permutation(len(pieces))[:120].tolist())
    learnt = [piece for i, piece in enumerate(pieces) if i not in held]
    kept = [pieces[i] for i in sorted(held)]
    lips = Lips()
    lips.shares.copy_(torch.from_numpy(np.bincount(data[3].ravel(), minlength=CLASSES) / data[3].size))
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
            batch = batch_of(data, [learnt[i] for i in order[at:at + arguments.batch]], generator, True)
            with torch.autocast('cpu', torch.bfloat16, arguments.bf16):
                loss, *figures = loss_of(lips, batch)
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
        torch.save(mean.state_dict(), arguments.out)


def join(parts, path):
    networks = []
    for part in parts:
        lips = Lips()
        lips.load_state_dict(torch.load(part))
        for layer in list(lips.children()):
            layer.half()
            for name, _ in list(layer.named_parameters(recurse=False)):
                parametrize.register_parametrization(layer, name, Widened(), unsafe=True)
        networks.append(lips)
    example = (torch.zeros(1, BANDS, FRAMES), torch.zeros(1, GROUPS), torch.zeros(1, COEFFICIENTS), torch.zeros(1, 1), torch.zeros(1, GRU * len(networks)))
    # Unfolded, so that the weights stay in 16 bits: whoever loads the file widens them once.
    torch.onnx.export(Exported(networks, THRESHOLDS).eval(), example, path, opset_version=14, do_constant_folding=False,
                      input_names=['sound', 'floor', 'reference', 'blink', 'state'], output_names=['mouth', 'visemes', 'stateAfter'])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('out')
    parser.add_argument('lessons', nargs='*')
    parser.add_argument('--epochs', type=int, default=12)
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--bf16', action='store_true', help='multiply in 16 bits: a third faster on processors that can')
    parser.add_argument('--join', nargs='+', help='networks to join instead of training')
    parser.add_argument('--set', default='', help='thresholds that differ, as name=value,name=value')
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    THRESHOLDS.update((name, float(value)) for name, value in (pair.split('=') for pair in arguments.set.split(',') if pair))
    if arguments.join is not None:
        join(arguments.join, arguments.out)
    else:
        train(load(arguments.lessons), arguments)


if __name__ == '__main__':
    main()
