/** Bytes of text per token when nothing better is known (measured over code: reference of the packages, 3.5). */
export const bytesPerToken = 3.5;

/** Estimated tokens of a text, always at least 1. It is an estimate: the provider counts, and an overflow is answered by `planRetry`. */
export function tokensOf(text: string): number {
  return tokensOfBytes(Buffer.byteLength(text));
}

/** Estimated tokens of so many bytes of text. */
export function tokensOfBytes(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / bytesPerToken));
}
