import type { ServiceRow } from './types'

/** What a service is found by: its name, its everyday words, and the pinyin initials of both. */
export function found(services: readonly ServiceRow[], asked: string): ServiceRow[] {
  const want = asked.trim().toLowerCase()
  if (want === '') return []
  const rank = (service: ServiceRow): number => {
    const texts = [service.name, ...(service.words ?? [])].map((text) => text.toLowerCase())
    const keys = service.initials.map((text) => text.toLowerCase())
    if ([...texts, ...keys].some((text) => text.startsWith(want))) return 0
    if ([...texts, ...keys].some((text) => text.includes(want))) return 1
    return 2
  }
  return services.filter((service) => rank(service) < 2).sort((a, b) => rank(a) - rank(b))
}

/** The services of the first screen: those that the hall calls common, or else all. */
export function common(services: readonly ServiceRow[]): ServiceRow[] {
  const chosen = services.filter((service) => service.common)
  return chosen.length > 0 ? chosen : [...services]
}
