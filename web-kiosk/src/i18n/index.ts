import { computed, ref } from 'vue'
import { articleText } from './article'
import type { Catalogue, Fill, Key } from './catalogue'
import { en } from './en'
import { zhCN } from './zh-CN'

export type { Key } from './catalogue'

export type Locale = 'zh-CN' | 'en'

const catalogues: { readonly [locale in Locale]: Catalogue } = { 'zh-CN': zhCN, en }
const remembered = 'hallkeeper.locale'

/** Fills the braces of a text. A name that is not given stays visible: better ugly than silent. */
export function fillIn(text: string, fill: { readonly [name: string]: string | number } = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(fill[name] ?? whole))
}

/** The words of one key in one language. */
export function translate<K extends Key>(locale: Locale, key: K, ...fill: Fill<K>): string {
  return fillIn(catalogues[locale][key], fill[0])
}

/** True where a text that the hub named (an alarm's kind, a reason) has words here. */
export function isKey(key: string): key is Key {
  return Object.hasOwn(zhCN, key)
}

/** The language of a page: the address says (?lang=en), else what was chosen before, else Chinese. */
export function chooseLocale(search: string, stored: string | null): Locale {
  for (const wish of [new URLSearchParams(search).get('lang'), stored]) {
    if (wish === null) continue
    if (/^en\b/i.test(wish)) return 'en'
    if (/^zh\b/i.test(wish)) return 'zh-CN'
  }
  return 'zh-CN'
}

/** Storage may be refused to a page, or be full; the language then lasts as long as the page. */
function stored(): string | null {
  try {
    return localStorage.getItem(remembered)
  } catch {
    return null
  }
}

function remember(locale: Locale): void {
  try {
    localStorage.setItem(remembered, locale)
  } catch {
    // Nothing to do: see stored.
  }
}

const current = ref<Locale>(typeof location === 'undefined' ? 'zh-CN' : chooseLocale(location.search, stored()))

/** The page's language, in <html lang> and in every text, from one place. */
export function useI18n() {
  const locale = computed(() => current.value)
  function t<K extends Key>(key: K, ...fill: Fill<K>): string {
    return translate(current.value, key, ...fill)
  }
  function setLocale(next: Locale): void {
    current.value = next
    remember(next)
    announce()
  }
  /** A list in one line, as the language separates its parts. */
  const join = (parts: readonly string[]) => parts.join(current.value === 'en' ? ', ' : '、')
  /** A citation of the regulation in the page's language. */
  const article = (cited: string) => articleText(current.value, cited)
  return { t, join, article, locale, setLocale, other: computed<Locale>(() => (current.value === 'en' ? 'zh-CN' : 'en')) }
}

/** Tells the browser the page's language; call once before the page is drawn. */
export function announce(): void {
  document.documentElement.lang = current.value
}
