/**
 * SHA-256 of a file (FIPS 180-4). Browsers keep crypto.subtle from pages that a
 * hub serves without TLS, so it is computed here where that is not to be had.
 */
export async function sha256(data: Uint8Array<ArrayBuffer>, subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle): Promise<string> {
  if (!subtle) return compute(data)
  return hex(new Uint8Array(await subtle.digest('SHA-256', data)))
}

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

/** The first 32 bits of the fractional parts of the roots of the first primes: square roots begin, cube roots go on. */
function constants(): { begin: number[]; round: number[] } {
  const primes: number[] = []
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p !== 0)) primes.push(n)
  const fraction = (x: number) => ((x - Math.floor(x)) * 0x1_0000_0000) | 0
  return { begin: primes.slice(0, 8).map((p) => fraction(Math.sqrt(p))), round: primes.map((p) => fraction(Math.cbrt(p))) }
}

/** The digest in hexadecimal, computed here. */
export function compute(data: Uint8Array): string {
  const { begin, round } = constants()
  // A bit of 1, zeros, and the length in bits fill the last block of 64 bytes.
  const padded = new Uint8Array((Math.floor((data.length + 8) / 64) + 1) * 64)
  padded.set(data)
  padded[data.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(data.length / 0x2000_0000))
  view.setUint32(padded.length - 4, (data.length << 3) >>> 0)

  const state = Int32Array.from(begin)
  const w = new Int32Array(64)
  const turn = (x: number, by: number) => (x >>> by) | (x << (32 - by))
  const at = (list: ArrayLike<number>, n: number) => list[n] as number
  for (let block = 0; block < padded.length; block += 64) {
    for (let n = 0; n < 16; n++) w[n] = view.getInt32(block + 4 * n)
    for (let n = 16; n < 64; n++) {
      const a = at(w, n - 15)
      const b = at(w, n - 2)
      w[n] = (at(w, n - 16) + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + at(w, n - 7) + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))) | 0
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
    for (let n = 0; n < 64; n++) {
      const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + at(round, n) + at(w, n)) | 0
      const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + one) | 0
      d = c
      c = b
      b = a
      a = (one + two) | 0
    }
    for (const [n, x] of [a, b, c, d, e, f, g, h].entries()) state[n] = (at(state, n) + x) | 0
  }
  const out = new DataView(new ArrayBuffer(32))
  state.forEach((x, n) => out.setInt32(4 * n, x))
  return hex(new Uint8Array(out.buffer))
}
