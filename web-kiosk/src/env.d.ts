/// <reference types="vite/client" />

/** The digest of the sources that this page was built from. */
declare const __BUILD__: string
