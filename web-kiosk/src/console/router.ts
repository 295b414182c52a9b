import { onScopeDispose, readonly, ref } from 'vue'

/** The console's sections, as in the address after "#/". */
export const routes = ['hall', 'alarms', 'attendance', 'requests', 'inspect', 'roster', 'arrange', 'procedures', 'calendar', 'accounts', 'windows', 'devices', 'dead-letters'] as const

export type Route = (typeof routes)[number]

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
