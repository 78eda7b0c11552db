import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

export default defineConfig({
  // Relative addresses, so that the page works in any folder of any site.
  base: './',
  resolve: {
    // The façade's own sources: one build, and an error in the page names the line that a developer reads.
    alias: { clusterip: fileURLToPath(new URL('../../wasm/js/index.ts', import.meta.url)) },
  },
  server: { fs: { allow: ['..', '../../wasm/js'] } },
  build: {
    target: 'es2022',
    // The wasm module stays a file of its own: it is compiled while it arrives.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
})
