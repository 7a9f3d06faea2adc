// What is asked of a component's script, once it is put together from its files.
const BROWSER =
  'AbortController Blob CSS CSSFontFaceRule DecompressionStream FileReader Image ImageData ' +
  'MutationObserver OffscreenCanvas Path2D PointerEvent ResizeObserver Response TextDecoder URL ' +
  'XMLSerializer addEventListener atob ' +
  'cancelAnimationFrame clearInterval clearTimeout devicePixelRatio document fetch ' +
  'getComputedStyle history location ' +
  'innerHeight innerWidth localStorage matchMedia navigator performance requestAnimationFrame ' +
  'sessionStorage setInterval setTimeout';

export default [
  {
    languageOptions: {
      ecmaVersion: 2024,
      sourceType: 'module',
      globals: Object.fromEntries(BROWSER.split(' ').map((name) => [name, 'readonly'])),
    },
    rules: {
      'no-undef': 'error',
      'no-unused-vars': 'error',
      'no-redeclare': 'error',
      'no-const-assign': 'error',
      'no-dupe-keys': 'error',
      'no-dupe-class-members': 'error',
      'no-unreachable': 'error',
      'no-self-assign': 'error',
      'no-useless-escape': 'error',
      'no-var': 'error',
      'prefer-const': ['error', { destructuring: 'all' }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
    },
  },
];
