/** Results that were published, to be held beside one's own. */
package io.github.vaecf.eval.published;
