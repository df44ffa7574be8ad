#!/bin/sh
# worker: serves jobs, one after the other. own MAIN ARGS: runs a job somebody brought along. train: makes
# the archive of classes that the worker starts from.
set -eu
home=/opt/streams
ours=$home/kafkastreams-job.jar:$home/lib/*
common="-Xms${HEAP:-512m} -Xmx${HEAP:-512m} -XX:+ExitOnOutOfMemoryError
	-Dstreambench.state=/var/lib/streams
	-Dorg.slf4j.simpleLogger.defaultLogLevel=info
	-Dorg.slf4j.simpleLogger.showDateTime=true
	-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS"
case $1 in
worker)
	exec java $common ${JAVA_OPTS:-} -XX:SharedArchiveFile=$home/classes.jsa -Xshare:auto \
		-cp "$ours" io.streambench.kafkastreams.Worker
	;;
own)
	main=$2
	shift 2
	exec java $common ${JAVA_OPTS:-} -cp "/own/job.jar:$home/lib/*" "$main" "$@"
	;;
train)
	java $common -XX:ArchiveClassesAtExit=$home/classes.jsa -cp "$ours" \
		io.streambench.kafkastreams.Worker train >/tmp/train.log 2>&1 || {
		cat /tmp/train.log
		exit 1
	}
	rm /tmp/train.log
	;;
*)
	echo "entrypoint: no command $1" >&2
	exit 2
	;;
esac
