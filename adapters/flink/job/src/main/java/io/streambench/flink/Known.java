package io.streambench.flink;

import io.streambench.core.Plan;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.jar.JarFile;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.connector.kafka.source.KafkaSourceOptions;
import org.apache.flink.state.rocksdb.RocksDBConfigurableOptions;
import org.apache.flink.state.rocksdb.RocksDBOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

/** The settings there are: one that nobody knows would be passed over in silence. */
final class Known {
    private Known() {}

    /**
     * Refuses a plan with settings nobody knows.
     *
     * @throws IllegalArgumentException with the name of the first of them
     */
    static void check(Plan plan) throws IOException {
        if (plan.settings.isEmpty()) {
            return;
        }
        Set<String> flink = keys(optionClasses());
        flink.addAll(keys(List.of(RocksDBOptions.class, RocksDBConfigurableOptions.class)));
        Set<String> source = keys(List.of(KafkaSourceOptions.class));
        for (String name : plan.settings.keySet()) {
            boolean known;
            if (name.startsWith("consumer.")) {
                String key = name.substring("consumer.".length());
                known = source.contains(key) || ConsumerConfig.configNames().contains(key);
            } else if (name.startsWith("producer.")) {
                known = ProducerConfig.configNames()
                    .contains(name.substring("producer.".length()));
            } else {
                known = flink.contains(name);
            }
            if (!known) {
                throw new IllegalArgumentException(
                    "config " + name + ": neither Flink nor its Kafka clients have such a setting");
            }
        }
    }

    /** Where Flink declares its settings: every class of a package whose name ends so. */
    private static List<Class<?>> optionClasses() throws IOException {
        Class<?> one = CheckpointingOptions.class;
        String folder = one.getPackageName().replace('.', '/') + "/";
        List<Class<?>> all = new ArrayList<>();
        try (JarFile jar = new JarFile(
            Path.of(one.getProtectionDomain().getCodeSource().getLocation().toURI()).toFile())) {
            jar.stream().map(e -> e.getName())
                .filter(n -> n.startsWith(folder) && n.endsWith("Options.class"))
                .forEach(n -> all.add(load(n, one.getClassLoader())));
        } catch (URISyntaxException e) {
            throw new IOException(e);
        }
        return all;
    }

    private static Class<?> load(String file, ClassLoader loader) {
        try {
            String name = file.substring(0, file.length() - ".class".length()).replace('/', '.');
            return Class.forName(name, true, loader);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Set<String> keys(List<Class<?>> classes) {
        Set<String> keys = new HashSet<>();
        for (Class<?> c : classes) {
            for (Field f : c.getFields()) {
                if (Modifier.isStatic(f.getModifiers()) && f.getType() == ConfigOption.class) {
                    try {
                        ConfigOption<?> option = (ConfigOption<?>) f.get(null);
                        keys.add(option.key());
                        option.fallbackKeys().forEach(k -> keys.add(k.getKey()));
                    } catch (IllegalAccessException e) {
                        throw new IllegalStateException(e);
                    }
                }
            }
        }
        return keys;
    }
}
