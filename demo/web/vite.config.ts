import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Plugin, defineConfig } from 'vite'

/** What the built page may do: load its own files, compile the engine, and nothing else. */
const POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"

const contentSecurityPolicy: Plugin = {
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [{ tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY }, injectTo: 'head-prepend' }],
}

const ENGINE = fileURLToPath(new URL('../../wasm/js/engine/clusterip_bg.wasm', import.meta.url))

export default defineConfig({
  define: { ENGINE_BYTES: statSync(ENGINE, { throwIfNoEntry: false })?.size ?? 0 },
  plugins: [contentSecurityPolicy],
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
