package spark

import (
	"testing"

	"github.com/streambench/streambench/adapters/adaptertest"
)

// The example of docs/own-logic.md, in the place of the generic job.
func TestTheExampleOfAJobOfTheUsersOwn(t *testing.T) {
	needImages(t)
	s := inContainers(1)
	s.Job.Settings, s.Reads, s.Refused, s.Boundary = nil, nil, nil, ""
	s.Job.Guarantee, s.Claim = atLeastOnce, atLeastOnce
	adaptertest.RunOwn(t, s, "../../docs/own-logic/spark")
}
