package kafka

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/twmb/franz-go/pkg/kadm"
)

// ownSettings are those that no two brokers have alike.
var ownSettings = []string{"node.id", "advertised.listeners"}

// settings reads the settings of every broker that were declared, and refuses those that are in
// force otherwise. It returns what all brokers have in common.
func (k *containers) settings(ctx context.Context, admin *kadm.Client) (map[string]string, error) {
	common := map[string]string{}
	for i, declared := range k.declared {
		inForce, err := brokerSettings(ctx, admin, int32(i+1))
		if err != nil {
			return nil, Unready("read settings of "+nodeName(i), err)
		}
		if err := differing(declared, inForce); err != nil {
			return nil, Unready("check "+nodeName(i), err)
		}
		for key := range declared {
			if !slices.Contains(ownSettings, key) {
				common[key] = inForce[key]
			}
		}
	}
	return common, nil
}

func brokerSettings(
	ctx context.Context, admin *kadm.Client, id int32,
) (map[string]string, error) {
	configs, err := admin.DescribeBrokerConfigs(ctx, id)
	if err != nil {
		return nil, err
	}
	one, err := configs.On(strconv.Itoa(int(id)), nil)
	if err == nil {
		err = one.Err
	}
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, c := range one.Configs {
		all[c.Key] = c.MaybeValue()
	}
	return all, nil
}

// differing names the first setting that is not in force as it was declared.
func differing(declared, inForce map[string]string) error {
	keys := make([]string, 0, len(declared))
	for key := range declared {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		got, told := inForce[key]
		switch {
		case !told:
			return fmt.Errorf("%w %s is not told, and was to be %s", errDiffers, key, declared[key])
		case got != declared[key]:
			return fmt.Errorf("%w %s is %s, not %s", errDiffers, key, got, declared[key])
		}
	}
	return nil
}

// describe are the settings of the brokers, their image and their limits, for people.
func (k *containers) describe(ctx context.Context, admin *kadm.Client) (map[string]string, error) {
	common, err := k.settings(ctx, admin)
	if err != nil {
		return nil, err
	}
	all := map[string]string{
		"broker": "container", "broker.image": k.image,
		"broker.java":   javaOptions(k.of.CPUs, k.of.MemoryB),
		"broker.memory": strconv.FormatUint(k.of.MemoryB, 10),
		"broker.cpus":   "all",
	}
	if k.of.CPUs > 0 {
		all["broker.cpus"] = strconv.FormatFloat(k.of.CPUs, 'g', -1, 64)
	}
	for key, value := range common {
		all["broker."+key] = value
	}
	return all, nil
}
