#!/bin/sh
# One image for all nodes: driver, master, worker MASTER, own MAIN ARGUMENT…, and train, which makes
# the archive of classes that shortens the start of drivers.
set -eu
cd /spark
java="java -Xmx${HEAP:-512m} -XX:+UseSerialGC -Dlog4j2.configurationFile=/spark/conf/log4j2.properties @/spark/java.opts"
archive=/spark/driver.jsa
case "$1" in
train)
	exec $java -XX:ArchiveClassesAtExit=$archive -Dspark.master=local[1] -Dspark.ui.enabled=false \
		-cp "/spark/jars/*" io.streambench.spark.Main train
	;;
driver)
	set --
	if [ -n "${ADDRESS:-}" ]; then
		# A cluster that is not ours has neither our jars nor the name of this node.
		ship=$(ls /spark/jars/spark-job.jar /spark/jars/core-1.jar /spark/jars/spark-sql-kafka-*.jar \
			/spark/jars/spark-token-provider-kafka-*.jar /spark/jars/kafka-clients-*.jar \
			/spark/jars/commons-pool2-*.jar | tr '\n' ',')
		set -- "-Dspark.driver.host=$ADDRESS" "-Dspark.jars=$ship"
	fi
	exec $java -XX:SharedArchiveFile=$archive @/spark/conf/driver.opts "$@" \
		-cp "/spark/jars/*" io.streambench.spark.Main 8090
	;;
own)
	shift
	exec $java @/spark/conf/driver.opts -cp "/own/job.jar:/spark/jars/*" "$@"
	;;
master)
	exec $java -XX:TieredStopAtLevel=1 -cp "/spark/jars/*" \
		org.apache.spark.deploy.master.Master --host spark-master --port 7077 --webui-port 8080
	;;
worker)
	exec $java -XX:TieredStopAtLevel=1 -cp "/spark/jars/*" \
		org.apache.spark.deploy.worker.Worker --host "$NODE" --port 7078 --webui-port 8081 \
		--cores "$CORES" --memory "$MEMORY" --work-dir /tmp/work "$2"
	;;
*)
	echo "no node is called $1" >&2
	exit 2
	;;
esac
