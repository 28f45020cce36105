package io.github.vaecf.data.reading;

import static io.github.vaecf.data.reading.Fixtures.events;
import static io.github.vaecf.data.reading.Fixtures.gzip;
import static io.github.vaecf.data.reading.Fixtures.latin1;
import static io.github.vaecf.data.reading.Fixtures.tar;
import static io.github.vaecf.data.reading.Fixtures.utf8;
import static io.github.vaecf.data.reading.Fixtures.zip;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.vaecf.data.DataException;
import io.github.vaecf.data.Interactions;
import io.github.vaecf.data.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Small files true to each published form, with the quirks that those have. */
class PublishedFormsTest {
  @TempDir Path folder;

  private Path file(String name, byte[] content) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, content);
  }

  @Test
  void movieLens100KIsSeparatedByTabsWithTitlesInLatin1() throws IOException {
    file("ml-100k/u.data", utf8("196\t242\t3\t881250949\n186\t302\t3\t891717742\n"));
    file(
        "ml-100k/u.item",
        latin1(
            """
            242|Kolya (1996)|24-Jan-1997||http://us.imdb.com/M/title-exact?Kolya%20(1996)|0
            302|Misérables, Les (1995)|01-Jan-1995||x|0
            """));
    file("ml-100k/u1.base", utf8("1\t1\t5\t874965758\n"));
    Interactions log = MovieLens.read(folder.resolve("ml-100k"));
    assertThat(events(log)).containsExactly("196|242|3.0|881250949", "186|302|3.0|891717742");
    assertThat(log.titles())
        .containsEntry("242", "Kolya (1996)")
        .containsEntry("302", "Misérables, Les (1995)");
  }

  @Test
  void movieLens1MIsSeparatedByTwoColons() throws IOException {
    file("ml-1m/ratings.dat", utf8("1::1193::5::978300760\n1::661::3::978302109\n"));
    file(
        "ml-1m/movies.dat",
        latin1("1193::One Flew Over the Cuckoo's Nest (1975)::Drama\n661::\"Été\": A (1::2)::X\n"));
    Interactions log = MovieLens.read(folder.resolve("ml-1m"));
    assertThat(events(log)).containsExactly("1|1193|5.0|978300760", "1|661|3.0|978302109");
    assertThat(log.titles())
        .containsEntry("1193", "One Flew Over the Cuckoo's Nest (1975)")
        .containsEntry("661", "\"Été\": A (1");
  }

  @Test
  void movieLens20MIsReadFromTheZipAsPublished() throws IOException {
    Map<String, byte[]> members = new LinkedHashMap<>();
    members.put("ml-20m/", new byte[0]);
    members.put("ml-20m/tags.csv", utf8("userId,movieId,tag,timestamp\n1,2,x,3\n"));
    members.put(
        "ml-20m/ratings.csv", utf8("userId,movieId,rating,timestamp\r\n1,2,3.5,1112486027\r\n"));
    members.put(
        "ml-20m/movies.csv",
        utf8("movieId,title,genres\r\n2,\"American President, The (1995)\",Comedy\r\n"));
    Interactions log = MovieLens.read(file("ml-20m.zip", zip(members)));
    assertThat(events(log)).containsExactly("1|2|3.5|1112486027");
    assertThat(log.titles()).containsEntry("2", "American President, The (1995)");
  }

  @Test
  void movieLensWithoutOrWithTwoFilesOfRatingsIsReported() throws IOException {
    Path empty = Files.createDirectories(folder.resolve("empty"));
    assertThatThrownBy(() -> MovieLens.read(empty))
        .isInstanceOf(DataException.class)
        .hasMessage(
            empty + ": expected a file named ratings.csv, ratings.dat or u.data, found none");
    file("two/a/u.data", utf8("1\t1\t5\t874965758\n"));
    file("two/b/u.data", utf8("1\t1\t5\t874965758\n"));
    assertThatThrownBy(() -> MovieLens.read(folder.resolve("two")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("expected one file of ratings, found");
  }

  private static Map<String, byte[]> netflixMovies() {
    Map<String, byte[]> members = new LinkedHashMap<>();
    members.put(
        "training_set/mv_0000001.txt",
        utf8("1:\n1488844,3,2005-09-06\n822109,5,2005-05-13\n0822109,4,2005-10-19\n"));
    members.put("training_set/mv_0000002.txt", utf8("2:\r\n822109,1,1999-11-11\r\n\r\n"));
    return members;
  }

  private static final String[] NETFLIX_EVENTS = {
    "1488844|1|3.0|1125964800",
    "822109|1|5.0|1115942400",
    "0822109|1|4.0|1129680000",
    "822109|2|1.0|942278400"
  };

  private static byte[] netflixTitles() {
    return latin1("1,2003,Dinosaur Planet\n2,NULL,Isle of Man, TT: Léger, 2004\n3,1997,Other\n");
  }

  @Test
  void netflixIsReadFromTheTarWithinATarAsPublished() throws IOException {
    Map<String, byte[]> outer = new LinkedHashMap<>();
    outer.put("download/README", utf8("about"));
    outer.put("download/training_set.tar", tar(netflixMovies()));
    outer.put("download/movie_titles.txt", netflixTitles());
    Interactions log =
        NetflixPrize.read(file("nf_prize_dataset.tar.gz", gzip(tar(outer))), ReadOptions.ALL);
    assertThat(events(log)).containsExactly(NETFLIX_EVENTS);
    assertThat(log.titles())
        .containsEntry("1", "Dinosaur Planet (2003)")
        .containsEntry("2", "Isle of Man, TT: Léger, 2004");
  }

  @Test
  void netflixIsReadFromAFolderOfMovies() throws IOException {
    for (Map.Entry<String, byte[]> movie : netflixMovies().entrySet()) {
      file("netflix/" + movie.getKey(), movie.getValue());
    }
    assertThat(events(NetflixPrize.read(folder.resolve("netflix"), ReadOptions.ALL)))
        .containsExactly(NETFLIX_EVENTS);
  }

  @Test
  void netflixIsReadFromCombinedFiles() throws IOException {
    file(
        "combined_data_1.txt",
        utf8("1:\n1488844,3,2005-09-06\n822109,5,2005-05-13\n0822109,4,2005-10-19\n"));
    file("combined_data_2.txt", utf8("2:\n822109,1,1999-11-11"));
    file("movie_titles.csv", netflixTitles());
    Interactions log = NetflixPrize.read(folder, ReadOptions.ALL);
    assertThat(events(log)).containsExactly(NETFLIX_EVENTS);
    assertThat(log.titles()).containsKey("2");
    assertThat(events(NetflixPrize.read(folder.resolve("combined_data_2.txt"), ReadOptions.ALL)))
        .hasSize(1);
  }

  @Test
  void manyMoviesInAFileOfManyBlocksKeepTheirRatings() throws IOException {
    StringBuilder content = new StringBuilder();
    int movies = 0;
    int ratings = 0;
    while (content.length() < 2.5 * BlockPipeline.BLOCK_SIZE) {
      content.append(++movies).append(":\n");
      for (int i = 0; i < 37 * movies % 5000; i++) {
        content.append(movies + i).append(",3,2005-09-06\n");
        ratings++;
      }
    }
    Interactions log =
        NetflixPrize.read(file("combined_data_1.txt", utf8(content.toString())), ReadOptions.ALL);
    assertThat(log.size()).isEqualTo(ratings);
    int first = 0;
    for (int event = 1; event < log.size(); event++) {
      if (log.item(event) != log.item(event - 1)) {
        first = event;
      }
      String movie = log.items().id(log.item(event));
      assertThat(log.users().id(log.user(event)))
          .isEqualTo(Integer.toString(Integer.parseInt(movie) + event - first));
    }
  }

  @Test
  void netflixLinesThatCannotBeUsedAreReported() throws IOException {
    Path noMovie = file("mv_1.txt", utf8("822109,1,1999-11-11\n"));
    assertThatThrownBy(() -> NetflixPrize.read(noMovie, ReadOptions.ALL))
        .isInstanceOf(DataException.class)
        .hasMessage(noMovie + ", line 1: expected a movie as in 1:, found '822109,1,1999-11-11'");
    Path badDate = file("mv_2.txt", utf8("2:\n822109,1,1999-02-30\n"));
    assertThatThrownBy(() -> NetflixPrize.read(badDate, ReadOptions.ALL))
        .hasMessage(
            badDate
                + ", line 2: expected a time as in 1112486027, 2005-09-06 or"
                + " 2005-09-06T17:31:05.25+02:00, found '1999-02-30'");
    Path empty = Files.createDirectories(folder.resolve("empty"));
    assertThatThrownBy(() -> NetflixPrize.read(empty, ReadOptions.ALL))
        .hasMessageContaining("found none");
  }

  @Test
  void kaggleFilesAreToldApartByTheirHeaders() throws IOException {
    file(
        "archive/Netflix_Dataset_Rating.csv",
        utf8("User_ID,Rating,Movie_ID\n712664,5,3\n1331154,4,3\n"));
    file(
        "archive/Netflix_Dataset_Movie.csv",
        utf8("\ufeffMovie_ID,Year,Name\r\n1,2003.0,Dinosaur Planet\r\n3,1997,\"Pal, é\"\r\n"));
    Interactions log = KaggleMovies.read(folder.resolve("archive"), ReadOptions.ALL);
    assertThat(events(log)).containsExactly("712664|3|5.0", "1331154|3|4.0");
    assertThat(log.titles())
        .containsEntry("3", "Pal, é (1997)")
        .containsEntry("1", "Dinosaur Planet (2003)");
  }

  @Test
  void kaggleColumnsMayComeInAnyOrderAndWithoutYears() throws IOException {
    Map<String, byte[]> members = new LinkedHashMap<>();
    members.put("movies.csv", utf8("name,movie id\nPal,3\n"));
    members.put("ratings.csv", utf8("movie,user,rating\n3,712664,5\n"));
    Interactions log = KaggleMovies.read(file("archive.zip", zip(members)), ReadOptions.ALL);
    assertThat(events(log)).containsExactly("712664|3|5.0");
    assertThat(log.titles()).containsEntry("3", "Pal");
    Path movies = file("only/movies.csv", utf8("name,movie id\nPal,3\n"));
    assertThatThrownBy(() -> KaggleMovies.read(movies.getParent(), ReadOptions.ALL))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("expected one .csv file");
  }

  @Test
  void theTasteProfileIsTriplets() throws IOException {
    String triplets =
        """
        b80344d063b5ccb3212f76538f3d9e43d87dca9e\tSOAKIMP12A8C130995\t1
        b80344d063b5ccb3212f76538f3d9e43d87dca9e\tSOBBMDR12A8C13253B\t12
        """;
    String[] expected = {
      "b80344d063b5ccb3212f76538f3d9e43d87dca9e|SOAKIMP12A8C130995|1.0",
      "b80344d063b5ccb3212f76538f3d9e43d87dca9e|SOBBMDR12A8C13253B|12.0"
    };
    assertThat(events(TasteProfile.read(file("train_triplets.txt.gz", gzip(utf8(triplets))))))
        .containsExactly(expected);
    file(
        "unique_tracks.txt",
        utf8("TRMMMYQ128F932D901<SEP>SOAKIMP12A8C130995<SEP>Jack Johnson<SEP>The Cove\n"));
    Interactions log =
        TasteProfile.read(
            file("train_triplets.txt.zip", zip(Map.of("train_triplets.txt", utf8(triplets)))));
    assertThat(events(log)).containsExactly(expected);
    assertThat(log.titles()).containsEntry("SOAKIMP12A8C130995", "Jack Johnson – The Cove");
    file("unique_tracks.txt", utf8("\nTR<SEP>SO\n"));
    assertThatThrownBy(() -> TasteProfile.read(folder.resolve("train_triplets.txt.gz")))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("line 2: expected track, song, artist and title, found 2 fields");
  }

  @Test
  void lightGcnLinesAreAUserAndItsItems() throws IOException {
    Path file = file("train.txt", utf8("0 10 20 030\r\n1 \n2 10\n\n7 20 10 "));
    assertThat(events(LightGcn.read(file)))
        .containsExactly("0|10|1.0", "0|20|1.0", "0|030|1.0", "2|10|1.0", "7|20|1.0", "7|10|1.0");
  }

  @Test
  void citeULikeLinesSayHowManyItemsFollow() throws IOException {
    Path file = file("users.dat", utf8("2 10 20\r\n0\n3 10 030 40 \n1 2"));
    assertThat(events(CiteULike.read(file)))
        .containsExactly("1|10|1.0", "1|20|1.0", "3|10|1.0", "3|030|1.0", "3|40|1.0", "4|2|1.0");
    Path tooFew = file("few.dat", utf8("2 10 20\n3 10 20\n"));
    assertThatThrownBy(() -> CiteULike.read(tooFew))
        .isInstanceOf(DataException.class)
        .hasMessage(tooFew + ", line 2: expected 3 items to follow, found 2");
    Path word = file("word.dat", utf8("a 10\n"));
    assertThatThrownBy(() -> CiteULike.read(word))
        .hasMessage(word + ", line 1: expected first how many items follow, found 'a'");
  }

  @Test
  void citeULikeUsersAreNumberedThroughAFileOfManyBlocks() throws IOException {
    int users = 2 * BlockPipeline.BLOCK_SIZE / 100;
    Path file = file("users.dat", utf8(("1 " + "x".repeat(97) + "\n").repeat(users)));
    assertThat(CiteULike.read(file).users().ids())
        .isEqualTo(IntStream.rangeClosed(1, users).mapToObj(Integer::toString).toList());
  }

  @Test
  void linesThatBeginWithTheirNumberOfItemsAreNoUsersOfLightGcn() throws IOException {
    Path file = file("users.dat", utf8("2 10 20\n1 5\n2 10 30\n"));
    assertThatThrownBy(() -> LightGcn.read(file))
        .isInstanceOf(DataException.class)
        .hasMessage(
            file
                + ": expected a user and its items in each line, found that the first number of"
                + " every line says how many follow; read it with --format citeulike");
    assertThat(LightGcn.read(file("train.txt", utf8("2 10 20\n1 5\n"))).size()).isEqualTo(3);
  }

  @Test
  void aUserOnSeveralLinesIsNotLightGcn() throws IOException {
    Path triplets = file("train.txt", utf8("USER_1 LOC_5 1.0\nUSER_1 LOC_6 2.0\nUSER_2 LOC_5 1\n"));
    assertThatThrownBy(() -> LightGcn.read(triplets))
        .isInstanceOf(DataException.class)
        .hasMessageContaining(triplets + ": expected one line a user, found 1 more")
        .hasMessageEndingWith("read it with --format csv --separator ' '");
  }

  @Test
  void theRealCiteULikeIsToldFromLightGcn() {
    Path users = SharedData.folder().resolve("data/board/citeulike-a.dat.gz");
    assumeTrue(Files.exists(users), () -> users + " is not there");
    assertThatThrownBy(() -> LightGcn.read(users)).hasMessageContaining("--format citeulike");
    Interactions log = CiteULike.read(users);
    assertThat(log.size()).isEqualTo(204_986);
    assertThat(log.users().size()).isEqualTo(5_551);
    assertThat(log.items().size()).isEqualTo(16_980);
  }

  @Test
  void aZipOfSeveralFilesIsReadByTheNameOfOne() throws IOException {
    Map<String, byte[]> members = new LinkedHashMap<>();
    members.put("a/1.csv", utf8("u,i\na,x\n"));
    members.put("a/2.csv", utf8("u,i\nb,y\n"));
    Path zip = file("two.zip", zip(members));
    DelimitedReader reader = DelimitedReader.builder().build();
    assertThat(events(reader.read(Path.of(zip + "!a/2.csv")))).containsExactly("b|y|1.0");
    assertThatThrownBy(() -> reader.read(zip))
        .isInstanceOf(DataException.class)
        .hasMessage(
            zip
                + ": expected one log, found a/1.csv, a/2.csv; name one, as in "
                + zip
                + "!a/1.csv");
    assertThatThrownBy(() -> reader.read(Path.of(zip + "!b.csv")))
        .hasMessage(zip + ": expected a member 'b.csv', found a/1.csv, a/2.csv");
  }

  @Test
  void gowallaHasItsPublishedCounts() {
    Path gowalla = SharedData.folder().resolve("data/gowalla");
    assumeTrue(Files.exists(gowalla), () -> gowalla + " is not there");
    Interactions train = LightGcn.read(gowalla.resolve("train.txt"));
    Interactions test = LightGcn.read(gowalla.resolve("test.txt"));
    assertThat(train.size()).isEqualTo(810_128);
    assertThat(test.size()).isEqualTo(217_242);
    assertThat(train.users().size()).isEqualTo(29_858);
    assertThat(train.items().size()).isEqualTo(40_981);
  }

  @Test
  void bothFormsOfMovieLensSmallHaveTheirPublishedCounts() throws IOException {
    Path small = SharedData.folder().resolve("data/ml-latest-small");
    assumeTrue(Files.exists(small), () -> small + " is not there");
    Interactions asFolder = MovieLens.read(small);
    assertThat(asFolder.size()).isEqualTo(100_836);
    assertThat(asFolder.users().size()).isEqualTo(610);
    assertThat(asFolder.items().size()).isEqualTo(9_724);
    assertThat(asFolder.titles()).hasSize(9_742).containsEntry("1", "Toy Story (1995)");
    Map<String, byte[]> members = new LinkedHashMap<>();
    for (String name : new String[] {"README.txt", "movies.csv", "ratings.csv"}) {
      members.put("ml-latest-small/" + name, Files.readAllBytes(small.resolve(name)));
    }
    Interactions asZip = MovieLens.read(file("ml-latest-small.zip", zip(members)));
    assertThat(events(asZip)).isEqualTo(events(asFolder));
    assertThat(asZip.titles()).isEqualTo(asFolder.titles());
  }
}
