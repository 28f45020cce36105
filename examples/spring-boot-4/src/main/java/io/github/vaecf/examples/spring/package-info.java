/** An application of Spring Boot that recommends by an exported model. */
package io.github.vaecf.examples.spring;
