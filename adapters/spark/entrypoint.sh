#!/bin/sh
# One image for all nodes: driver, master, or worker MASTER.
set -eu
cd /spark
java="java -Xmx$HEAP -XX:+UseSerialGC @/spark/java.opts"
case "$1" in
driver)
	exec $java @/spark/conf/driver.opts -cp "/spark/conf:/spark/jars/*" io.streambench.spark.Main 8090
	;;
master)
	exec $java -XX:TieredStopAtLevel=1 -cp "/spark/conf:/spark/jars/*" \
		org.apache.spark.deploy.master.Master --host spark-master --port 7077 --webui-port 8080
	;;
worker)
	exec $java -XX:TieredStopAtLevel=1 -cp "/spark/conf:/spark/jars/*" \
		org.apache.spark.deploy.worker.Worker --host "$NODE" --port 7078 --webui-port 8081 \
		--cores "$CORES" --memory "$MEMORY" --work-dir /tmp/work "$2"
	;;
*)
	echo "no node is called $1" >&2
	exit 2
	;;
esac
