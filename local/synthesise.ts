/** Where the assembly is, and whether it had to be synthesised. */
export interface Synthesis {
  cdkOut: string;
  stack: string;
  cached: boolean;
}
