package io.github.vaecf.examples.spring;

import io.github.vaecf.spring.RecommendationService;
import java.util.List;
import java.util.Map;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

@RestController
class RecommendationController {
  private final RecommendationService service;

  RecommendationController(RecommendationService service) {
    this.service = service;
  }

  /** What somebody touched, nothing unless said otherwise, and how many items they want. */
  record Request(List<String> items, Integer k) {
    Request {
      items = items == null ? List.of() : items;
      k = k == null ? 10 : k;
    }
  }

  /** An item that is recommended. */
  record Item(String id, String title, float score) {}

  @PostMapping("/recommendations")
  List<Item> recommend(@RequestBody Request request) {
    Map<String, String> titles = service.titles();
    return service.recommend(request.items(), request.k()).stream()
        .map(one -> new Item(one.item(), titles.getOrDefault(one.item(), one.item()), one.score()))
        .toList();
  }

  @ExceptionHandler
  @ResponseStatus(HttpStatus.BAD_REQUEST)
  Map<String, String> refuse(IllegalArgumentException mistake) {
    return Map.of("error", mistake.getMessage());
  }
}
