import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [vue()],
  define: { __BUILD__: JSON.stringify('test') },
  test: { include: ['test/**/*.test.ts'], environment: 'node', testTimeout: 60_000 },
})
