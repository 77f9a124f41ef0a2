import fc from 'fast-check';
import {describe, expect, it} from 'vitest';
import {diskDefaults, type DiskUse} from '../../../src/core/sandbox.js';
import {afterCount, afterLook, capOf, hostReserve, isLow, needsCount, newBudget, overCap, parseLook, type DiskLook} from '../../../src/sandbox/disk-budget.js';
import {diskLabel, diskLimitsOf} from '../../../src/sandbox/labels.js';

const look = (bytes: number, inodes: number): DiskLook => ({free: {bytes, inodes}, available: {bytes, inodes}, total: {bytes: 2 ** 50, inodes: 10 ** 9}});
const cap: DiskUse = {bytes: 1_000_000, inodes: 1000};

describe('the disk budget of a box', () => {
  it('asks for a count before a box can have gone over its cap by more than an eighth, whatever others give back between the looks', () => {
    const step = fc.record({written: fc.nat(300_000), made: fc.nat(300), freed: fc.nat(10 ** 6), removed: fc.nat(10 ** 4)});
    fc.assert(
      fc.property(fc.array(step, {maxLength: 40}), (steps) => {
        let free = look(10 ** 9, 10 ** 7);
        let used: DiskUse = {bytes: 0, inodes: 0};
        let budget = afterCount(newBudget(cap), used);
        for (const {written, made, freed, removed} of steps) {
          const next = look(free.free.bytes - written, free.free.inodes - made);
          used = {bytes: used.bytes + written, inodes: used.inodes + made};
          budget = afterLook(budget, free, next);
          // Others give back afterwards, so the file system as a whole looks as if nothing happened.
          free = look(next.free.bytes + freed, next.free.inodes + removed);
          budget = afterLook(budget, next, free);
          if (needsCount(budget)) {
            if (overCap(cap, used) !== undefined) return;
            budget = afterCount(budget, used);
          }
          expect(used.bytes).toBeLessThan(cap.bytes * 1.125);
          expect(used.inodes).toBeLessThan(cap.inodes * 1.125);
        }
      }),
    );
  });

  it('asks for none while too little has vanished', () => {
    const counted = afterCount(newBudget(cap), {bytes: 400_000, inodes: 10});
    expect(needsCount(afterLook(counted, look(10 ** 9, 5000), look(10 ** 9 - 599_999, 4011)))).toBe(false);
    expect(needsCount(afterLook(counted, look(10 ** 9, 5000), look(10 ** 9 - 600_000, 5000)))).toBe(true);
    expect(needsCount(afterLook(counted, look(10 ** 9, 5000), look(10 ** 9, 4010)))).toBe(true);
  });

  it('takes space for files where the file system does not count files', () => {
    const uncounted = (bytes: number): DiskLook => ({...look(bytes, 0), total: {bytes: 2 ** 50, inodes: 0}});
    const budget = afterCount(newBudget({bytes: 10 ** 12, inodes: 1000}), {bytes: 0, inodes: 0});
    expect(needsCount(afterLook(budget, uncounted(10 ** 9), uncounted(10 ** 9 - 511_999)))).toBe(false);
    expect(needsCount(afterLook(budget, uncounted(10 ** 9), uncounted(10 ** 9 - 512_000)))).toBe(true);
  });

  it('names the limit that is reached, the cap itself included', () => {
    expect([overCap(cap, {bytes: 999_999, inodes: 999}), overCap(cap, {bytes: 1_000_000, inodes: 0}), overCap(cap, {bytes: 0, inodes: 1000})]).toEqual([undefined, 'disk', 'inodes']);
  });

  it('comes from the limits, or the defaults, and back from the label of a box', () => {
    expect(capOf({diskMiB: 3, inodes: 4})).toEqual({bytes: 3 * 1024 * 1024, inodes: 4});
    expect(capOf({})).toEqual({bytes: diskDefaults.diskMiB * 1024 * 1024, inodes: diskDefaults.inodes});
    expect(diskLimitsOf(diskLabel({diskMiB: 5, inodes: 6}))).toEqual({diskMiB: 5, inodes: 6});
    expect([diskLimitsOf(undefined), diskLimitsOf({'dev.bulkhead.disk': '1 -2'}), diskLimitsOf({'dev.bulkhead.disk': '1e9 7'})]).toEqual([{}, {}, {}]);
  });
});

describe('the disk of the engine', () => {
  it('is low below the reserve, which is never more than a part of a small one', () => {
    const with_ = (available: DiskUse, total: DiskUse): DiskLook => ({free: available, available, total});
    const large = {bytes: 10 ** 12, inodes: 10 ** 8};
    expect(isLow(with_({bytes: hostReserve.bytes, inodes: hostReserve.inodes}, large), hostReserve)).toBe(false);
    expect(isLow(with_({bytes: hostReserve.bytes - 1, inodes: 10 ** 6}, large), hostReserve)).toBe(true);
    expect(isLow(with_({bytes: 10 ** 11, inodes: hostReserve.inodes - 1}, large), hostReserve)).toBe(true);
    const small = {bytes: 10 ** 9, inodes: 0};
    expect(isLow(with_({bytes: 5 * 10 ** 7, inodes: 0}, small), hostReserve)).toBe(false);
    expect(isLow(with_({bytes: 5 * 10 ** 7 - 1, inodes: 0}, small), hostReserve)).toBe(true);
  });

  it('is read from one line of numbers, and from nothing else', () => {
    expect(parseLook('4096 100 50 40 1000 900')).toEqual({free: {bytes: 204_800, inodes: 900}, available: {bytes: 163_840, inodes: 900}, total: {bytes: 409_600, inodes: 1000}});
    for (const line of ['', '4096 100 50 40 1000', '4096 100 50 40 1000 -1', 'x 1 1 1 1 1', '4096 100 50 40 1000 900 1']) expect(parseLook(line)).toBeUndefined();
  });
});
