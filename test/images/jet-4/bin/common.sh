# Sourced by the other scripts: finds Java, and puts together what they all start it with.
SCRIPT_DIR="$(dirname "$0")"
JET_HOME="$(cd "$SCRIPT_DIR/.." && pwd)"

if [ "$JAVA_HOME" ]; then
    JAVA="$JAVA_HOME/bin/java"
else
    JAVA="$(command -v java)"
fi
if [ -z "$JAVA" ]; then
    echo "No Java: neither is JAVA_HOME set, nor is the java command on the PATH" >&2
    exit 1
fi

JDK_OPTS="--add-modules java.se \
 --add-exports java.base/jdk.internal.ref=ALL-UNNAMED \
 --add-opens java.base/java.lang=ALL-UNNAMED \
 --add-opens java.base/sun.nio.ch=ALL-UNNAMED \
 --add-opens java.management/sun.management=ALL-UNNAMED \
 --add-opens jdk.management/com.sun.management.internal=ALL-UNNAMED"

if [ "$JET_LICENSE_KEY" ]; then
    JAVA_OPTS="-Dhazelcast.enterprise.license.key=$JET_LICENSE_KEY $JAVA_OPTS"
fi

# Optional extensions by their names in opt/, as hazelcast-jet-NAME.jar.
for module in ${JET_MODULES//,/ }; do
    CLASSPATH="$JET_HOME/opt/hazelcast-jet-$module.jar:$CLASSPATH"
done
CLASSPATH="$JET_HOME/lib:$JET_HOME/lib/*:$CLASSPATH"

# Options of a file in config/, one a line; lines that begin with # are comments.
jvm_options() {
    grep -v '^ *#' "$JET_HOME/config/$1" | tr '\n' ' '
}
