import type { IconName } from '../icons/paths'
import type { DeviceState, LiveDevice, Severity, WindowState } from '../wire.gen'

/** The colour role of a state. Alarm is reserved for what a person must act on. */
export type Tone = 'serving' | 'waiting' | 'paused' | 'cut' | 'alarm'

/** A state's colour and icon; its word comes from the catalogue. */
export interface Mark {
  readonly tone: Tone
  readonly icon: IconName
}

export function windowMark(state: WindowState): Mark {
  switch (state) {
    case 'open': return { tone: 'serving', icon: 'circle' }
    case 'unstaffed': return { tone: 'waiting', icon: 'triangle' }
    case 'cut_off': return { tone: 'cut', icon: 'broken' }
    case 'no_device': return { tone: 'paused', icon: 'square' }
  }
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
