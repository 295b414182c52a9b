import type { LiveWindow } from '../../wire.gen'

/** What a person may enter of a window. */
export interface WindowForm {
  id: string
  number: string
  name: string
  department: string
  /** Where it lies from the lobby's screen; empty is not said. */
  direction: string
}

export type WindowFault = 'windows.required' | 'windows.id.bad' | 'windows.id.taken'

/** What is wrong with the form, by field; the names of ids are those of wire.CheckName. */
export function checkWindow(form: WindowForm, taken: readonly string[] | null): { [field in keyof WindowForm]?: WindowFault } {
  const faults: { [field in keyof WindowForm]?: WindowFault } = {}
  if (taken !== null) {
    if (form.id === '') faults.id = 'windows.required'
    else if (!/^[A-Za-z0-9._-]{1,64}$/.test(form.id)) faults.id = 'windows.id.bad'
    else if (taken.includes(form.id)) faults.id = 'windows.id.taken'
  }
  if (form.number === '') faults.number = 'windows.required'
  if (form.name === '') faults.name = 'windows.required'
  return faults
}

export function trimmed(form: WindowForm): WindowForm {
  return { id: form.id.trim(), number: form.number.trim(), name: form.name.trim(), department: form.department.trim(), direction: form.direction }
}

/** An empty form proposes the next sign after the highest, in the hall's own way of writing ids. */
export function nextWindow(windows: readonly LiveWindow[]): WindowForm {
  const highest = Math.max(0, ...windows.map((window) => Number(window.number)).filter((n) => Number.isInteger(n)))
  const number = String(highest + 1).padStart(2, '0')
  return { id: `w${number}`, number, name: '', department: '', direction: '' }
}
