package io.github.vaecf.server;

import java.util.Optional;

/**
 * Which model a request is for, as its client writes it.
 *
 * @param name the model's name
 * @param version the number of one of its versions, where the client wants that one
 * @param label a label of one of its versions, where the client wants that one
 */
record ModelSpec(String name, Optional<String> version, Optional<String> label) {}
