package io.canalnative.bench.doris;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** What the runs of each sink gave, in one format. */
final class Samples<T> {

    private final Map<Sink, List<T>> all = new EnumMap<>(Sink.class);

    void add(Sink sink, T one) {
        all.computeIfAbsent(sink, any -> new ArrayList<>()).add(one);
    }

    /** The median. */
    double median(Sink sink, ToDoubleFunction<T> of) {
        return quantile(sink, of, 0.5);
    }

    /** Lowest and highest. */
    double quantile(Sink sink, ToDoubleFunction<T> of, double part) {
        List<Double> sorted = new ArrayList<>();
        all.get(sink).forEach(one -> sorted.add(of.applyAsDouble(one)));
        Collections.sort(sorted);
        double at = part * (sorted.size() - 1);
        int below = (int) at;
        double above = sorted.get(Math.min(below + 1, sorted.size() - 1));
        return sorted.get(below) + (at - below) * (above - sorted.get(below));
    }
}
