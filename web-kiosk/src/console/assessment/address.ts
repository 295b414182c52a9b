import { onScopeDispose, readonly, ref } from 'vue'
import type { Route } from '../router'

/** What stands after the section's name in the address: #/periods/2026-11/person:s01 has 2026-11 and person:s01. */
export function partsOf(hash: string, section: Route): string[] | null {
  const [path = ''] = hash.replace(/^#\/?/, '').split('?')
  const [name, ...rest] = path.split('/')
  if (name !== section) return null
  return rest.filter((part) => part !== '').map((part) => {
    try {
      return decodeURIComponent(part)
    } catch {
      return part
    }
  })
}

/** The address of something within a section. */
export function addressOf(section: Route, ...parts: readonly string[]): string {
  return `#/${[section, ...parts.map((part) => encodeURIComponent(part).replaceAll('%3A', ':').replaceAll('%40', '@'))].join('/')}`
}

/** Follows the address within a section; what another section is at does not matter. */
export function useParts(section: Route) {
  const parts = ref<readonly string[]>(partsOf(location.hash, section) ?? [])
  const follow = () => { parts.value = partsOf(location.hash, section) ?? parts.value }
  addEventListener('hashchange', follow)
  onScopeDispose(() => removeEventListener('hashchange', follow))
  return readonly(parts)
}
