package io.github.vaecf.spring;

import java.nio.file.Path;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What an application says of its model, as {@code vaecf.…} in its properties.
 *
 * @param model Base folder of an exported model, which holds its versions as BASE/1, BASE/2 and so
 *     on. The newest whole one answers. Without this property there are no beans of vaecf.
 * @param refresh How often to look for other versions in the folder. A version that is copied there
 *     takes over at the second look.
 */
@ConfigurationProperties("vaecf")
public record VaecfProperties(Path model, @DefaultValue("2s") Duration refresh) {}
