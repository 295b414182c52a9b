import { compareNames } from '../components/marks'
import type { Mark } from '../components/marks'
import type { CertificateKind, LiveDevice, RevocationReason } from '../wire.gen'

/** One certificate that the hall has given; see hub/api. */
export interface CertificateRow {
  readonly serial: string
  readonly device: string
  readonly kind: CertificateKind
  readonly issued: string
  readonly not_after: string
  readonly renew_from: string
  readonly revoked?: string
  readonly reason?: RevocationReason
  readonly state: 'live' | 'expiring' | 'expired' | 'revoked'
}

/** One enrolment code, without what it consists of. */
export interface EnrolmentRow {
  readonly id: string
  readonly device: string
  readonly made: string
  readonly by?: string
  readonly expires: string
  readonly state: 'open' | 'used' | 'withdrawn' | 'expired'
}

/** A code as the hub gives it, this once. */
export interface NewEnrolment { readonly enrolment: string; readonly code: string; readonly expires: string }

/** A window computer, and the certificate that counts for it; null where it never had one. */
export interface Standing { readonly id: string; readonly window: string; readonly certificate: CertificateRow | null }

export const alive = (row: CertificateRow) => row.state === 'live' || row.state === 'expiring'

/** The window computers that the hall knows or has enrolled; those that were dismissed only while they could still connect. */
export function standings(certificates: readonly CertificateRow[], devices: Iterable<LiveDevice>): Standing[] {
  const best = new Map<string, CertificateRow>()
  for (const row of certificates) {
    if (row.kind !== 'agent') continue
    const other = best.get(row.device)
    if (other === undefined || better(row, other)) best.set(row.device, row)
  }
  const known = new Map([...devices].map((device) => [device.id, device]))
  return [...new Set([...known.keys(), ...best.keys()])]
    .map((id) => ({ id, window: known.get(id)?.window ?? '', certificate: best.get(id) ?? null }))
    .filter(({ id, certificate }) => known.get(id)?.assignment !== 'dismissed' || (certificate !== null && alive(certificate)))
    .sort((a, b) => compareNames(a.id, b.id))
}

/** One that works before one that does not, then the newer. */
function better(a: CertificateRow, b: CertificateRow): boolean {
  if (alive(a) !== alive(b)) return alive(a)
  return Date.parse(a.issued) > Date.parse(b.issued)
}

/** How a certificate's state is marked; only one that has run out waits for somebody. */
export function certificateMark(state: string | undefined): Mark {
  switch (state) {
    case 'live': return { tone: 'serving', icon: 'circle' }
    case 'expiring': return { tone: 'waiting', icon: 'triangle' }
    case 'expired': return { tone: 'alarm', icon: 'cross' }
  }
  return { tone: 'paused', icon: 'square' }
}

/** The hub's address for devices, as the page itself was reached; null over plain HTTP, where nobody enrols. */
export function hubAddress({ protocol, hostname, port }: Pick<Location, 'protocol' | 'hostname' | 'port'>): string | null {
  return protocol === 'https:' ? `${hostname}:${port || '443'}` : null
}

/** Whether an address means another machine on each machine. */
export const onlyHere = (hostname: string) => /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)

/** What is typed at the window computer. One that has been enrolled before asks to be told that this is meant. */
export function command(hub: string, code: string, again: boolean): string {
  return `sudo hallkeeper-agent enroll --hub ${hub} --code ${code} --data /var/lib/hallkeeper${again ? ' --force' : ''}`
}

/** 9:05 until an instant; null once it has come. */
export function timeLeft(until: string, now: number): string | null {
  const seconds = Math.floor((Date.parse(until) - now) / 1_000)
  return seconds > 0 ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}` : null
}
