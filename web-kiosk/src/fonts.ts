// Loaded after the first paint: the faces are many, and a system font shows until they are there.
import '@fontsource-variable/noto-sans-sc/wght.css'
