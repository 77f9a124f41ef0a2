/** The words of a text: hashes in ascending order, how often each occurs, and how many there are in all. */
export interface Terms {
  readonly hashes: Uint32Array;
  readonly counts: Uint16Array;
  readonly total: number;
}

/** Bytes of a text that are read for words; what comes after is generated in most cases. */
const maxTermBytes = 128 * 1024;
/** Longest word in bytes; longer ones are data. */
const maxWordBytes = 64;
/** FNV-1a, 32 bits (RFC 9923). */
const fnvOffset = 0x811c9dc5;
const fnvPrime = 0x01000193;

/**
 * A hash table that is used again for each text, since a new one for each costs more than the counting (measured: 3 times).
 * A text of the limit has fewer words than half of its places. Nothing waits while it is filled.
 */
const tableMask = (1 << 18) - 1;
const tableKeys = new Uint32Array(tableMask + 1);
const tableCounts = new Uint32Array(tableMask + 1);
const taken = new Uint32Array(tableMask + 1);
const takenPlaces = new Uint32Array(tableMask + 1);

/**
 * Classes of bytes: what parts words, digits, small and capital letters, and first bytes of East Asian characters (U+3000 to
 * U+DFFF in UTF-8). Other bytes beyond ASCII count as small letters.
 */
const [apart, digit, small, capital, wide] = [0, 1, 2, 3, 4];
/** Bytes of one East Asian character. */
const wideBytes = 3;
const classes = Uint8Array.from({length: 256}, (_, byte) => {
  if (byte >= 0x30 && byte <= 0x39) return digit;
  if (byte >= 0x41 && byte <= 0x5a) return capital;
  if (byte >= 0xe3 && byte <= 0xed) return wide;
  return (byte >= 0x61 && byte <= 0x7a) || byte >= 0x80 ? small : apart;
});

/**
 * The words of a text as a program and a person write them: `readHttpHeaders` is `read`, `http`, `header` and the whole
 * name; simple English endings are cut. Of a script without blanks between words, each two characters are one. Words are hashes alone: two words of one hash (one in 4 billion) count as one.
 */
export function termsOf(bytes: Uint8Array): Terms {
  let distinct = 0;
  const total = eachTerm(bytes.length > maxTermBytes ? bytes.subarray(0, maxTermBytes) : bytes, (hash) => {
    const place = placeOf(hash);
    if (tableKeys[place] === 0) {
      tableKeys[place] = hash;
      taken[distinct] = hash;
      distinct += 1;
    }
    tableCounts[place] = (tableCounts[place] ?? 0) + 1;
  });
  const hashes = taken.slice(0, distinct).sort();
  const counts = new Uint16Array(distinct);
  for (let index = 0; index < distinct; index += 1) counts[index] = Math.min(0xffff, tableCounts[placeOf(hashes[index] ?? 0)] ?? 0);
  emptyTable(distinct);
  return {hashes, counts, total};
}

/** Where a hash is in the table, or the free place for it. */
function placeOf(hash: number): number {
  let place = hash & tableMask;
  while (tableKeys[place] !== 0 && tableKeys[place] !== hash) place = (place + 1) & tableMask;
  return place;
}

/** Places are found from all that was taken before any is freed: a free place ends a search. */
function emptyTable(distinct: number): void {
  for (let index = 0; index < distinct; index += 1) takenPlaces[index] = placeOf(taken[index] ?? 0);
  for (let index = 0; index < distinct; index += 1) {
    const place = takenPlaces[index] ?? 0;
    tableKeys[place] = 0;
    tableCounts[place] = 0;
  }
}

/** {@link termsOf} of a text. */
export function termsOfText(text: string): Terms {
  return termsOf(Buffer.from(text.length > maxTermBytes ? text.slice(0, maxTermBytes) : text));
}

/** How often a word occurs, by binary search. */
export function countOf({hashes, counts}: Terms, hash: number): number {
  let low = 0;
  let high = hashes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const there = hashes[middle] ?? 0;
    if (there === hash) return counts[middle] ?? 0;
    if (there < hash) low = middle + 1;
    else high = middle;
  }
  return 0;
}

/** Calls for each word with its hash and gives their number. A name of several words gives each of them and itself. */
function eachTerm(bytes: Uint8Array, use: (hash: number) => void): number {
  let total = 0;
  let index = 0;
  while (index < bytes.length) {
    if (classAt(bytes, index) === apart) {
      index += 1;
      continue;
    }
    if (classAt(bytes, index) === wide) {
      const end = wideEnd(bytes, index);
      total += eachPair(bytes, {start: index, end}, use);
      index = end;
      continue;
    }
    const start = index;
    let parts = 0;
    while (index < bytes.length && classAt(bytes, index) !== apart && classAt(bytes, index) !== wide) {
      const end = partEnd(bytes, index);
      if (end - index > 1 && end - index <= maxWordBytes) {
        use(hashOf(bytes, index, stemEnd(bytes, index, end)));
        total += 1;
      }
      parts += 1;
      index = end;
    }
    if (parts > 1 && index - start <= maxWordBytes) use(hashOf(bytes, start, index));
  }
  return total;
}

/** Calls for each two characters that stand together, or for one that stands alone, and gives their number. */
function eachPair(bytes: Uint8Array, {start, end}: {readonly start: number; readonly end: number}, use: (hash: number) => void): number {
  let count = 0;
  for (let index = start; index === start || index + wideBytes < end; index += wideBytes) {
    use(hashOf(bytes, index, Math.min(end, index + 2 * wideBytes)));
    count += 1;
  }
  return count;
}

function wideEnd(bytes: Uint8Array, start: number): number {
  let end = start;
  while (end < bytes.length && classAt(bytes, end) === wide) end += wideBytes;
  return Math.min(end, bytes.length);
}

/** End of the part that begins here: digits; capitals (the last of which may begin the next part); a word. */
function partEnd(bytes: Uint8Array, start: number): number {
  const first = classAt(bytes, start);
  let end = start + 1;
  if (first === digit || first === small) {
    while (classAt(bytes, end) === first) end += 1;
    return end;
  }
  while (classAt(bytes, end) === capital) end += 1;
  if (classAt(bytes, end) !== small) return end;
  if (end - start > 1) return end - 1;
  while (classAt(bytes, end) === small) end += 1;
  return end;
}

/** Where a word ends without its plural, participle, gerund and last `e`: `caches`, `cached` and `caching` are all `cach`. */
function stemEnd(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const last = lower(bytes, end - 1);
  if (last === 0x64 && length > 5 && lower(bytes, end - 2) === 0x65) return end - 2;
  if (last === 0x67 && length > 6 && lower(bytes, end - 2) === 0x6e && lower(bytes, end - 3) === 0x69) return end - 3;
  const singular = last === 0x73 && length > 3 && lower(bytes, end - 2) !== 0x73 ? end - 1 : end;
  return singular - start > 4 && lower(bytes, singular - 1) === 0x65 ? singular - 1 : singular;
}

function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = fnvOffset;
  for (let index = start; index < end; index += 1) hash = Math.imul(hash ^ lower(bytes, index), fnvPrime);
  // 0 marks a free place of the table.
  return hash === 0 ? 1 : hash >>> 0;
}

function lower(bytes: Uint8Array, index: number): number {
  const byte = bytes[index] ?? 0;
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

function classAt(bytes: Uint8Array, index: number): number {
  return classes[bytes[index] ?? 0] ?? apart;
}
