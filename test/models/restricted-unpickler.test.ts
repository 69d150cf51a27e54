import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PickleError, RestrictedUnpickler } from '../../src/models/restricted-unpickler.ts';
import { readFloats } from '../../src/models/stored-tensor.ts';
import { type TorchTensor, torchAbilities } from '../../src/models/torch-tensors.ts';

const abilities = torchAbilities(() => new Uint8Array());
const read = (...parts: (string | number[])[]): unknown =>
  new RestrictedUnpickler(Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part)))), abilities).read();

it('builds plain values and containers', () => {
  assert.deepEqual(read([0x80, 2], '}q\0(X\x01\0\0\0aK\x07X\x01\0\0\0b]q\x01(N\x88\x89M\x00\x01J\xff\xff\xff\xff', [0x8a, 1, 0xfe], 'eu.'), new Map<unknown, unknown>([
    ['a', 7], ['b', [null, true, false, 256, -1, -2]],
  ]));
});

it('refuses to run anything', async (t) => {
  const hostile = {
    'a system call': 'cposix\nsystem\n(X\x04\0\0\0trueR.',
    'a builtin': 'c__builtin__\neval\n(X\x01\0\0\x001tR.',
    'a name by two strings': '\x8c\x02os\x8c\x06system\x93.',
    'an attribute of a torch module': 'ctorch\n_utils\n.',
    'a new object': 'ccollections\nOrderedDict\n)\x81.',
    'an old instance': '(iposix\nsystem\n.',
    'an extension': '\x82\x01.',
    'a call of a storage class': 'ctorch\nFloatStorage\n)R.',
    'a call of a string': 'X\x01\0\0\0a)R.',
    'state on a list': ']}b.',
    'a pointer to data of an unknown kind': 'X\x03\0\0\0abcQ.',
  };
  for (const [what, pickle] of Object.entries(hostile)) {
    await t.test(what, () => { assert.throws(() => read([0x80, 2], pickle), PickleError); });
  }
});

it('does not take names of JavaScript for its own', () => {
  assert.throws(() => read('cObject\nconstructor\n.'), /Object\.constructor/);
  assert.throws(() => read('chas\nOwnProperty\n.'), PickleError);
});

it('ends where the bytes end', () => {
  assert.throws(() => read('X\xff\xff\xff\x7fabc'), RangeError);
  assert.throws(() => read('(((('), RangeError);
  assert.throws(() => read('h\x05.'), PickleError);
  assert.throws(() => read('t.'), PickleError);
});

it('refuses a tensor that reaches beyond its storage', () => {
  const storage = '(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x04tQ';
  const tensor = (offset: number, size: number): string => `ctorch._utils\n_rebuild_tensor_v2\n(${storage}K${String.fromCharCode(offset)}(K${String.fromCharCode(size)}t(K\x01t\x89ccollections\nOrderedDict\n)RtR.`;
  assert.deepEqual((read(tensor(1, 3)) as { shape: number[] }).shape, [3]);
  assert.throws(() => read(tensor(2, 3)), PickleError);
});

it('refuses to make a long list again and again, which a few bytes ask for', () => {
  const pairs = Array.from({ length: 50_000 }, (_, key) => [0x4a, key & 255, (key >> 8) & 255, key >> 16, 0, 0x4e, 0x86]).flat();
  const copies = 'h\x02h\x01\x85R'.repeat(1000);
  assert.throws(() => read('ccollections\nOrderedDict\nq\x02(', pairs, 'lq\x01(', copies, 't.'), PickleError);
  assert.throws(() => read(']'.repeat(5_000_000), '.'), PickleError);
});

it('puts a tensor that is a turned view of its storage in the order of its shape', () => {
  const stored = Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7);
  const bytes = new Uint8Array(stored.buffer);
  const turned = torchAbilities((key, offset, byteLength) => {
    assert.equal(key, '0');
    return bytes.slice(offset, offset + byteLength);
  });
  const storage = '(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x08tQ';
  const pickle = `ctorch._utils\n_rebuild_tensor_v2\n(${storage}K\x01(K\x02K\x03t(K\x01K\x02t\x89ccollections\nOrderedDict\n)RtR.`;
  const tensor = new RestrictedUnpickler(Buffer.from(pickle, 'latin1'), turned).read() as TorchTensor;
  assert.deepEqual(tensor.shape, [2, 3]);
  assert.deepEqual(readFloats(tensor), Float32Array.of(1, 3, 5, 2, 4, 6));
});
