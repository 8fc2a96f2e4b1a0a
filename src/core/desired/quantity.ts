const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

/**
 * The number that a Kubernetes quantity stands for: `1.5Gi` and `1536Mi` are the same, and the API server writes back
 * the second where the first was sent. Undefined for what is no quantity.
 */
export function numberOf(quantity: string): number | undefined {
  const [, digits = "", rest = ""] = /^([+-]?[0-9.]+)(.*)$/.exec(quantity) ?? [];
  const factor = /^[eE][+-]?[0-9]+$/.test(rest) ? 10 ** Number(rest.slice(1)) : factors[rest];
  const number = digits === "" || factor === undefined ? Number.NaN : Number(digits) * factor;
  return Number.isNaN(number) ? undefined : number;
}
