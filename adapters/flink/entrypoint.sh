#!/bin/sh
# entrypoint.sh jobmanager|taskmanager: starts a node of a session cluster.
# entrypoint.sh train: starts one of each for a moment, for the archives of their classes.
#
# The environment tells what no two nodes have alike: ADDRESS its own, JOBMANAGER that of the
# JobManager, RESOURCE_ID the name of a TaskManager, JAVA_OPTS the options of its virtual machine.
# conf/config.yaml has the rest.
set -eu
home=/opt/flink
# In a fixed order: an archive of classes belongs to one class path.
cp=$(ls "$home"/lib/*.jar | tr '\n' ':')
export FLINK_CONF_DIR=$home/conf FLINK_LIB_DIR=$home/lib FLINK_PLUGINS_DIR=$home/plugins

java="java -Dlog4j2.configurationFile=$home/log4j2.properties -Xshare:auto -Xlog:disable -Xlog:all=error:stderr
 --add-opens=java.base/java.lang=ALL-UNNAMED --add-opens=java.base/java.util=ALL-UNNAMED
 --add-opens=java.base/java.util.concurrent=ALL-UNNAMED --add-opens=java.base/java.time=ALL-UNNAMED"

node() { # node ROLE ARCHIVE-OPTION [-D…]
	role=$1 archive=$2
	shift 2
	class=org.apache.flink.runtime.taskexecutor.TaskManagerRunner
	if [ "$role" = jobmanager ]; then
		class=org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint
	fi
	# shellcheck disable=SC2086
	exec $java ${JAVA_OPTS:-} "$archive" -cp "$cp" "$class" --configDir "$home/conf" "$@"
}

train() {
	cat >"$home/conf/config.yaml" <<X
jobmanager.rpc.address: 127.0.0.1
jobmanager.bind-host: 127.0.0.1
rest.address: 127.0.0.1
rest.bind-address: 127.0.0.1
taskmanager.bind-host: 127.0.0.1
taskmanager.host: 127.0.0.1
cluster.registration.error-delay: 500 ms
pekko.startup-timeout: 120 s
pekko.ask.timeout: 60 s
taskmanager.cpu.cores: 1.0
taskmanager.memory.framework.heap.size: 64m
taskmanager.memory.task.heap.size: 192m
taskmanager.memory.framework.off-heap.size: 64m
taskmanager.memory.task.off-heap.size: 64m
taskmanager.memory.network.min: 64m
taskmanager.memory.network.max: 64m
taskmanager.memory.managed.size: 0m
taskmanager.memory.jvm-metaspace.size: 160m
taskmanager.memory.jvm-overhead.min: 128m
taskmanager.memory.jvm-overhead.max: 128m
X
	export JAVA_OPTS="-Xmx256m -XX:+UseSerialGC"
	(node jobmanager "-XX:ArchiveClassesAtExit=$home/jobmanager.jsa") >"$home/train.log" 2>&1 &
	manager=$!
	(node taskmanager "-XX:ArchiveClassesAtExit=$home/taskmanager.jsa") >"$home/train-tm.log" 2>&1 &
	worker=$!
	for _ in $(seq 300); do
		if grep -q 'Successful registration at resource manager' "$home/train-tm.log"; then
			break
		fi
		kill -0 "$worker" && kill -0 "$manager" || break
		sleep 1
	done
	if ! grep -q 'Successful registration at resource manager' "$home/train-tm.log"; then
		tail -n 40 "$home/train.log" "$home/train-tm.log" >&2
		exit 1
	fi
	kill "$worker"
	wait "$worker" || true
	kill "$manager"
	wait "$manager" || true
	rm -f "$home/conf/config.yaml" "$home"/train*.log
	ls "$home/jobmanager.jsa" "$home/taskmanager.jsa"
}

case "$1" in
jobmanager)
	node jobmanager "-XX:SharedArchiveFile=$home/jobmanager.jsa" \
		-D "jobmanager.rpc.address=$JOBMANAGER" -D "rest.address=$ADDRESS" ;;
taskmanager)
	node taskmanager "-XX:SharedArchiveFile=$home/taskmanager.jsa" \
		-D "jobmanager.rpc.address=$JOBMANAGER" -D "taskmanager.host=$ADDRESS" \
		-D "taskmanager.resource-id=$RESOURCE_ID" ;;
train) train ;;
*) exec "$@" ;;
esac
