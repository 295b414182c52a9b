import { onScopeDispose, readonly, ref } from 'vue'

/** The console's sections, as in the address after "#/", by what they are about. */
export const groups = {
  hall: ['hall', 'alarms', 'health'],
  line: ['lines', 'services', 'notices', 'matters', 'paper', 'statistics'],
  rating: ['indicators', 'ratings', 'cases', 'signs', 'publications', 'reasons'],
  check: ['attendance', 'requests', 'proposals', 'inspect', 'duties'],
  assessment: ['periods', 'trends', 'appeals', 'awards', 'obligations', 'evaluations', 'policies'],
  people: ['roster', 'arrange', 'shifts', 'procedures'],
  setup: ['first-hour', 'calendar', 'policy', 'accounts', 'personal', 'windows', 'devices', 'enrolment', 'screens', 'dead-letters', 'audit'],
} as const

export type Group = keyof typeof groups

export type Route = (typeof groups)[Group][number]

export const routes: readonly Route[] = Object.values(groups).flat()

export function routeOf(hash: string): Route {
  const name = hash.replace(/^#\/?/, '').split(/[?/]/)[0]
  return routes.find((route) => route === name) ?? 'hall'
}

/** The section that the address names; an unknown one is the hall. */
export function useRoute() {
  const route = ref<Route>(routeOf(location.hash))
  const follow = () => { route.value = routeOf(location.hash) }
  addEventListener('hashchange', follow)
  onScopeDispose(() => removeEventListener('hashchange', follow))
  return readonly(route)
}
