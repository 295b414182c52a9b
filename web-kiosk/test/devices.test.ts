import { describe, expect, it } from 'vitest'
import { command, hubAddress, onlyHere, standings, timeLeft, type CertificateRow } from '../src/console/devices'
import { detailWords } from '../src/console/words'
import { translate } from '../src/i18n'
import type { LiveDevice } from '../src/wire.gen'

const t: Parameters<typeof detailWords>[0] = (key, ...fill) => translate('en', key, ...fill)

const certificate = (device: string, serial: string, state: CertificateRow['state'], issued: string, kind: CertificateRow['kind'] = 'agent'): CertificateRow =>
  ({ serial, device, kind, state, issued, not_after: '2027-05-22T01:00:00Z', renew_from: '2027-03-23T01:00:00Z' })
const device = (id: string, assignment: LiveDevice['assignment'], window?: string) => ({ id, assignment, window }) as LiveDevice

describe('the window computers', () => {
  it('have the certificate that works, or else their last', () => {
    const rows = standings([
      certificate('w2', 'a', 'live', '2026-11-01T01:00:00Z'), certificate('w2', 'b', 'revoked', '2026-11-02T01:00:00Z'),
      certificate('w3', 'c', 'expired', '2025-11-02T01:00:00Z'), certificate('w3', 'd', 'revoked', '2026-11-02T01:00:00Z'),
      certificate('kiosk', 'e', 'live', '2026-11-01T01:00:00Z', 'screen'),
    ], [device('w10', 'assigned', 'ten'), device('w2', 'assigned', 'two')])
    expect(rows.map(({ id, window, certificate: of }) => [id, window, of?.serial])).toEqual([['w2', 'two', 'a'], ['w3', '', 'd'], ['w10', 'ten', undefined]])
  })

  it('are gone once they were dismissed, but not while their certificate works', () => {
    const gone = [device('w1', 'dismissed'), device('w2', 'dismissed'), device('w3', 'dismissed')]
    const rows = standings([certificate('w2', 'a', 'expiring', '2026-11-01T01:00:00Z'), certificate('w3', 'b', 'revoked', '2026-11-01T01:00:00Z')], gone)
    expect(rows.map(({ id }) => id)).toEqual(['w2'])
  })
})

describe('a code', () => {
  it('is typed with the address under which the page reached the hub, never one in clear', () => {
    expect(hubAddress({ protocol: 'https:', hostname: 'hub.local', port: '8443' })).toBe('hub.local:8443')
    expect(hubAddress({ protocol: 'https:', hostname: 'hub.local', port: '' })).toBe('hub.local:443')
    expect(hubAddress({ protocol: 'http:', hostname: '192.168.1.10', port: '8080' })).toBeNull()
    expect(['localhost', '127.0.0.1', '[::1]', 'hub.local', '192.168.1.10'].map(onlyHere)).toEqual([true, true, true, false, false])
    expect(command('hub.local:8443', 'AAAAA-BBBBB', false)).toBe('sudo hallkeeper-agent enroll --hub hub.local:8443 --code AAAAA-BBBBB --data /var/lib/hallkeeper')
    expect(command('hub.local:8443', 'AAAAA-BBBBB', true)).toMatch(/ --force$/)
  })

  it('counts down to its end', () => {
    const left = (seconds: number) => timeLeft('2026-11-23T01:10:00Z', Date.parse('2026-11-23T01:10:00Z') - seconds * 1_000)
    expect([left(600), left(65), left(1), left(0), left(-5)]).toEqual(['10:00', '1:05', '0:01', null, null])
  })
})

describe('what a device tried', () => {
  const words = (what: string, detail = '') => detailWords(t, { kind: 'device_misused', values: { device: 'w1', what, detail } }).text

  it('is told in words, with the topic where there is one', () => {
    expect(words('publish', 'hall/v1/hall/agents/w2/events')).toBe('device w1: published on a topic that is not its own (hall/v1/hall/agents/w2/events)')
    expect(words('certificate_revoked')).toBe('device w1: connected with a revoked certificate')
  })

  it('is named as it is where a newer hub refuses something else', () => {
    expect(words('something_new', 'x')).toBe('device w1: something_new x')
  })
})
