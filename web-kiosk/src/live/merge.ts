/**
 * JSON merge patch (RFC 7396). Nothing is changed in place: what a patch does
 * not touch keeps its identity, so that a page redraws only what changed.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  // Without a prototype, an id such as "__proto__" is a name like any other.
  const result: JsonObject = Object.assign(Object.create(null), isObject(target) ? target : {})
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      delete result[name]
    } else {
      result[name] = mergePatch(result[name], value)
    }
  }
  return result
}

export interface JsonObject {
  [name: string]: unknown
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
