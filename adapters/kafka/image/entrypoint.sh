#!/bin/bash
# Becomes a broker, in a storage that it formats at its first start:
#
#   NODE_PROPERTIES  settings of this broker alone, behind those of all
#   CLUSTER_ID       22 characters of base64, the same for all brokers of a cluster
#   JAVA_OPTS        of its virtual machine
#
# "train" starts a broker, stops it and leaves an archive of its classes.
set -eu
cd /opt/kafka
data=/var/lib/kafka
conf=$data/server.properties
{ cat server.properties; echo "${NODE_PROPERTIES:-}"; } >"$conf"
flags=(-Dlog4j2.configurationFile=log4j2.properties -Djava.security.egd=file:/dev/urandom
	-Dsun.net.inetaddr.ttl=1 -Dsun.net.inetaddr.negative.ttl=0 -cp '/opt/kafka/libs/*')
small=(-Xmx128m -XX:+UseSerialGC -XX:TieredStopAtLevel=1)
read -ra options <<<"${JAVA_OPTS:--Xms256m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1}"

if [ ! -f $data/data/meta.properties ]; then
	java "${small[@]}" -Xshare:auto -Dlog4j2.level=error "${flags[@]}" \
		kafka.tools.StorageTool format -t "${CLUSTER_ID:-c3RyZWFtYmVuY2gta2Fma2E}" -c "$conf"
fi
if [ "${1:-}" = train ]; then
	java "${options[@]}" -XX:ArchiveClassesAtExit=kafka.jsa "${flags[@]}" kafka.Kafka "$conf" \
		>$data/log 2>&1 &
	for _ in $(seq 1200); do
		grep -q 'Kafka Server started' $data/log && break
		kill -0 $! || break
		sleep 0.1
	done
	kill -TERM $! && wait $! || true
	[ -f kafka.jsa ] || { cat $data/log; exit 1; }
	rm -rf "${data:?}"/*
	exit 0
fi
# exec, so that the signal to stop reaches the broker.
exec java "${options[@]}" -XX:SharedArchiveFile=kafka.jsa -Xshare:auto "${flags[@]}" kafka.Kafka "$conf"
