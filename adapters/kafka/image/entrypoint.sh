#!/bin/bash
# Becomes a broker:
#
#   NODE_PROPERTIES  settings of this broker alone, behind those of all
#   CLUSTER_ID       22 characters of base64, the same for all brokers of a cluster
#   JAVA_OPTS        of its virtual machine
#
# "train" is for the build of the image: it formats a storage, starts a broker on it, stops it, and
# leaves an archive of its classes and what there was to format.
set -eu
cd /opt/kafka
data=/var/lib/kafka/data
conf=/var/lib/kafka/server.properties
log=/var/lib/kafka/log
{ cat server.properties; echo "${NODE_PROPERTIES:-}"; } >"$conf"
flags=(-Dlog4j2.configurationFile=log4j2.properties -Djava.security.egd=file:/dev/urandom
	-Dsun.net.inetaddr.ttl=1 -Dsun.net.inetaddr.negative.ttl=0 -cp '/opt/kafka/libs/*')
read -ra options <<<"${JAVA_OPTS:--Xms256m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1}"

train() {
	# The least number of replicas in sync is among the settings that a storage is formatted with.
	for least in 2 1; do
		rm -rf $data
		echo "min.insync.replicas=$least" >>"$conf"
		java "${options[@]}" "${flags[@]}" kafka.tools.StorageTool format \
			-t c3RyZWFtYmVuY2gta2Fma2E -c "$conf"
		cp -r $data/__cluster_metadata-0 formatted-$least
	done
	java "${options[@]}" -XX:ArchiveClassesAtExit=kafka.jsa "${flags[@]}" kafka.Kafka "$conf" \
		>$log 2>&1 &
	for _ in $(seq 1200); do
		grep -q 'Kafka Server started' $log && break
		kill -0 $! || break
		sleep 0.1
	done
	kill -TERM $! && wait $! || true
	[ -f kafka.jsa ] || { cat $log; exit 1; }
	rm -rf $data $log "$conf"
}

# setting NAME prints what is in force: the last word on it.
setting() {
	sed -n "s/^$1=//p" "$conf" | tail -n 1
}

# format does what the StorageTool does, without a virtual machine of a second's processor time.
format() {
	mkdir $data
	cp -r "formatted-$(setting min.insync.replicas)" $data/__cluster_metadata-0
	cat >$data/meta.properties <<-END
		version=1
		cluster.id=${CLUSTER_ID:-c3RyZWFtYmVuY2gta2Fma2E}
		node.id=$(setting node.id)
		directory.id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'Aa' | tr -d '=')
	END
}

if [ "${1:-}" = train ]; then
	train
	exit
fi
[ -f $data/meta.properties ] || format
# exec, so that the signal to stop reaches the broker.
exec java "${options[@]}" -XX:SharedArchiveFile=kafka.jsa -Xshare:auto "${flags[@]}" kafka.Kafka "$conf"
