import type { InjectionKey } from 'vue'
import type { Mark } from '../../components/marks'
import type { Route } from '../router'

/** What GET /api/v1/setup answers. */
export interface FirstHour { steps: readonly Step[]; left: number }

export interface Words { zh: string; en: string }

export interface Step {
  step: StepName
  state: 'open' | 'waiting' | 'done'
  /** A hall can do without it. */
  optional?: boolean
  missing: readonly Words[]
  have?: Words
}

/** The section in which each step is done. */
export const pages = {
  departments: 'arrange', windows: 'windows', roster: 'roster', shifts: 'shifts', services: 'services', second: 'accounts',
  policy: 'policies', devices: 'enrolment', places: 'devices', screens: 'screens', swipe: 'hall',
} as const satisfies { [step: string]: Route }

export type StepName = keyof typeof pages

/** Whether a section is shown within a step, under the step's own heading. */
export const withinStep: InjectionKey<boolean> = Symbol('within a step')

export function addressOfStep(step: StepName): string {
  return `#/first-hour/${step}`
}

/** How a step stands, at a glance. */
export function stepMark({ state, optional }: Step): Mark & { word: 'done' | 'open' | 'waiting' | 'optional' } {
  if (state === 'done') return { tone: 'serving', icon: 'check', word: 'done' }
  if (state === 'waiting') return { tone: 'waiting', icon: 'triangle', word: 'waiting' }
  return { tone: 'paused', icon: 'square', word: optional ? 'optional' : 'open' }
}

/** Where to go on: the first step that can be done now; one that waits for somebody else is left to them. */
export function nextStep(steps: readonly Step[]): StepName | undefined {
  return (steps.find(({ state, optional }) => state === 'open' && !optional) ?? steps.find(({ state }) => state === 'open'))?.step
}
