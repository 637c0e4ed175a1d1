package io.canalnative.format;

import java.net.URL;
import java.net.URLClassLoader;
import java.util.Set;
import java.util.TreeSet;

/** A class loader that loads some packages itself, from the jars or directories of given classes, or hides them. */
final class IsolatedClasses extends URLClassLoader {

    private final String own;
    private final String hidden;
    final Set<String> askedForHidden = new TreeSet<>();

    /**
     * @param own prefix of the class names to load here and not in the test's class loader
     * @param hidden prefix of the class names that shall not be found, or null
     */
    IsolatedClasses(String own, String hidden, Class<?>... origins) {
        super(urls(origins), IsolatedClasses.class.getClassLoader());
        this.own = own;
        this.hidden = hidden;
    }

    private static URL[] urls(Class<?>[] origins) {
        URL[] urls = new URL[origins.length];
        for (int i = 0; i < urls.length; i++) {
            urls[i] = origins[i].getProtectionDomain().getCodeSource().getLocation();
        }
        return urls;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        synchronized (getClassLoadingLock(name)) {
            if (hidden != null && name.startsWith(hidden)) {
                askedForHidden.add(name);
                throw new ClassNotFoundException(name);
            }
            if (!name.startsWith(own)) {
                return super.loadClass(name, resolve);
            }
            Class<?> loaded = findLoadedClass(name);
            return loaded == null ? findClass(name) : loaded;
        }
    }

    <T> T instance(String name, Class<T> type) throws ReflectiveOperationException {
        return type.cast(loadClass(name).getConstructor().newInstance());
    }
}
