/// <reference types="vitest/config" />
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// One page and hashed files beside it in static/ (not assets/: that is the path of a screen).
// Everything comes from the hub itself, which forbids inline scripts and other hosts.
export default defineConfig({
  plugins: [react()],
  build: {
    assetsDir: 'static',
    // The licences of what is bundled go with it, as they ask.
    license: { fileName: 'static/licences.md' },
    assetsInlineLimit: 0,
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
  server: { proxy: { '/api': process.env.MW_HUB_URL ?? 'http://127.0.0.1:8080' } },
  test: { include: ['src/**/*.test.ts'], environment: 'node' },
});
