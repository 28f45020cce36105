/** The program of downstream/class-path as a module. */
module io.github.vaecf.downstream {
  requires io.github.vaecf.core;
  requires io.github.vaecf.data;
  requires io.github.vaecf.eval;
}
