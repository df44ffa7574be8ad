package flink

import (
	"testing"

	"github.com/streambench/streambench/adapters/adaptertest"
	"github.com/streambench/streambench/adapters/kafka"
)

// The example of docs/own-logic.md, in the place of the generic job.
func TestAJobOfTheUsersOwn(t *testing.T) {
	needImages(t)
	adaptertest.RunOwn(t, adaptertest.Subject{
		Adapter: Adapter{}, Transport: kafka.Transport{}, Job: inContainers(1),
	}, "../../docs/own-logic/flink")
}
