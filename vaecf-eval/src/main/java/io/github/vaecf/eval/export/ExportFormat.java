package io.github.vaecf.eval.export;

import java.nio.file.Path;

/**
 * What the parts of an export are called and how they are filled up. The exporters and what reloads
 * their exports know it from here only.
 */
final class ExportFormat {
  // A SavedModel's folder. The names but for the card and the titles are TensorFlow's.
  static final String GRAPH_FILE = "saved_model.pb";
  static final String VARIABLES = "variables";
  static final String ASSETS = "assets";
  static final String VOCABULARY_FILE = "items.txt";
  static final String ASSETS_EXTRA = "assets.extra";
  static final String TITLES_FILE = "titles.csv";
  static final String WARMUP_FILE = "tf_serving_warmup_requests";
  static final String CARD_FILE = "model.json";
  static final String INDEX_FILE = "items.index";

  /** What gives the vectors of users, of whose products with the items' the index knows. */
  static final String USER_VECTORS = "user_vectors";

  /** How the name of an ONNX file ends. */
  static final String ONNX_ENDING = ".onnx";

  /** What the name of the file with its large weights has beyond the ONNX file's. */
  static final String ONNX_DATA_ENDING = ".data";

  /** The ONNX file of a version's folder. */
  static final String ONNX_FILE = "model" + ONNX_ENDING;

  // Signatures of a SavedModel.
  static final String RECOMMEND = "serving_default";
  static final String RECOMMEND_EXCLUDING = "recommend_excluding";
  static final String RECOMMEND_FILTERED = "recommend_filtered";
  static final String RECOMMEND_INDICES = "recommend_indices";
  static final String RANK_INDICES = "rank_indices";
  static final String SCORE = "score";
  static final String ENCODE = "encode";
  static final String DECODE = "decode";
  static final String SIMILAR_ITEMS = "similar_items";
  static final String SIMILARITY = "similarity";
  static final String RECOMMEND_GROUP = "recommend_group";
  static final String RECOMMEND_DIVERSE = "recommend_diverse";
  static final String BECAUSE = "because";

  /** The method that TensorFlow Serving wants signatures to name. */
  static final String METHOD = "tensorflow/serving/predict";

  // Inputs and outputs of signatures and of ONNX files.
  static final String ITEMS = "items";
  static final String EXCLUDE = "exclude";
  static final String ALLOW = "allow";
  static final String ITEM = "item";
  static final String K = "k";
  static final String OFFSET = "offset";
  static final String WITH_HISTORY = "with_history";
  static final String PERSON = "person";
  static final String LEAST_MISERY = "least_misery";
  static final String LAMBDA = "lambda";
  static final String CONTRIBUTIONS = "contributions";
  static final String SCORES = "scores";
  static final String LATENT = "latent";

  /** ONNX has one name space for inputs and outputs. */
  static final String ITEMS_RANKED = "items_ranked";

  /** The scores of all items, the history's too, in the order of the vocabulary. */
  static final String ALL_SCORES = "all_scores";

  // Metadata of an ONNX file.
  static final String ONNX_VOCABULARY = "vaecf.items";
  static final String ONNX_CARD = "vaecf.card";

  /** Which of an ONNX file's weights has the items' vectors, "rows NAME" or "columns NAME". */
  static final String ONNX_ITEM_VECTORS = "vaecf.item_vectors";

  /** Floats that an ONNX model holds for each place of a history. */
  static final String ONNX_FLOATS_PER_PLACE = "vaecf.floats_per_place";

  /** Padding among raw ids, and the item at a place for which none is left. */
  static final String NO_ID = "";

  /** Padding among item indices, and the index of an unknown item. */
  static final long NO_INDEX = -1;

  /** The score of an item that is left out: finite, because JSON has no infinity. */
  static final float LEFT_OUT = -Float.MAX_VALUE;

  private ExportFormat() {}

  static Path vocabulary(Path version) {
    return version.resolve(ASSETS).resolve(VOCABULARY_FILE);
  }

  static Path titles(Path version) {
    return version.resolve(ASSETS_EXTRA).resolve(TITLES_FILE);
  }

  static Path index(Path version) {
    return version.resolve(ASSETS_EXTRA).resolve(INDEX_FILE);
  }

  static Path warmup(Path version) {
    return version.resolve(ASSETS_EXTRA).resolve(WARMUP_FILE);
  }
}
