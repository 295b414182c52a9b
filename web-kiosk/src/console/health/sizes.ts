import type { Disk } from './types'

const units = ['KiB', 'MiB', 'GiB', 'TiB'] as const

/** A number of bytes as a person reads it: 12.3 GiB; three figures at least. */
export function bytes(n: number): string {
  let size = Math.abs(n) / 1024
  let unit = 0
  while (size >= 1000 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  return `${n < 0 ? '−' : ''}${size.toFixed(size < 100 ? 1 : 0)} ${units[unit]!}`
}

/** The last sample of each day, for a table of a month, as [day, sample]. */
export function daily(samples: Disk['samples'], day: (at: string) => string): [string, Disk['samples'][number]][] {
  return [...new Map(samples.map((sample) => [day(sample.at), sample])).entries()]
}
