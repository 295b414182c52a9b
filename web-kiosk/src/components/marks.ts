import type { IconName } from '../icons/paths'
import type { Key } from '../i18n'
import type { DeviceState, LiveDevice, LiveWindow, Severity } from '../wire.gen'

/** The colour role of a state. Alarm is reserved for what a person must act on. */
export type Tone = 'serving' | 'waiting' | 'paused' | 'cut' | 'alarm'

/** A state's colour and icon; its word comes from the catalogue. */
export interface Mark {
  readonly tone: Tone
  readonly icon: IconName
}

/** What a window's tile says first: that its device is not heard, else who serves it, as far as that is known. */
export function windowMark(window: Pick<LiveWindow, 'state' | 'cover'>): Mark & { word: Key } {
  switch (window.state) {
    case 'cut_off': return { tone: 'cut', icon: 'broken', word: 'window.state.cut_off' }
    case 'no_device': return { tone: 'paused', icon: 'square', word: 'window.state.no_device' }
  }
  switch (window.cover) {
    case 'staffed': return { tone: 'serving', icon: 'circle', word: 'window.cover.staffed' }
    case 'covered': return { tone: 'serving', icon: 'circle', word: 'window.cover.covered' }
    case 'away': return { tone: 'waiting', icon: 'triangle', word: 'window.cover.away' }
    case 'empty': return { tone: 'alarm', icon: 'cross', word: 'window.cover.empty' }
    case 'closed': return { tone: 'paused', icon: 'square', word: 'window.cover.closed' }
  }
  if (window.state === 'open') return { tone: 'serving', icon: 'circle', word: 'window.state.open' }
  return { tone: 'waiting', icon: 'triangle', word: 'window.state.unstaffed' }
}

export function deviceMark(state: DeviceState): Mark {
  return state === 'online' ? { tone: 'serving', icon: 'circle' } : { tone: 'cut', icon: 'broken' }
}

export function severityMark(severity: Severity): Mark {
  return severity === 'alarm' ? { tone: 'alarm', icon: 'cross' } : { tone: 'waiting', icon: 'triangle' }
}

/** Windows by what their signs say, 2 before 10. */
export function bySign<T extends { id: string; number: string }>(windows: Iterable<T>): T[] {
  return [...windows].sort((a, b) => compareNames(a.number, b.number) || compareNames(a.id, b.id))
}

/** Devices by id, w2 before w10; those that nobody has decided about come first. */
export function byNeed(devices: Iterable<LiveDevice>): LiveDevice[] {
  const rank = (device: LiveDevice) => ({ unassigned: 0, assigned: 1, dismissed: 2 })[device.assignment] ?? 1
  return [...devices].sort((a, b) => rank(a) - rank(b) || compareNames(a.id, b.id))
}

export function compareNames(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
