"""Whether a question is about a product that the passages never mention. Pure.

Similar problems read alike whatever the product is: how one database's replica is repaired is near
in meaning to the question about another's. So a product's name that no passage holds is told apart
from every other word that none holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from knowledge import identifiers

# One product a line, with the other names it goes by; a passage may write any of them.
_PRODUCTS = """
activemq
aerospike
airflow
akamai
aks
alertmanager
alloydb
ansible awx
apache httpd
apisix
appdynamics
argo argocd argo-cd
artifactory jfrog
aurora
azure
backstage
bamboo
beanstalk
bigquery
bitbucket
bosh
buildkite
caddy
calico
cassandra scylla scylladb
ceph rados rgw osd
cert-manager certmanager
chef
cilium
circleci
clickhouse
cloudflare
cloudfront
cloudnative-pg cnpg cloudnativepg
cloudwatch
cockroachdb cockroach crdb
concourse
confluence
consul
containerd
contour
coredns core-dns
corosync pacemaker
cortex
couchbase
couchdb
crossplane
databricks
datadog
debezium
docker
druid
dynamodb
dynatrace
eks
elasticache
elasticsearch opensearch elastic
envoy
etcd
exchange
falco
fastly
flink
fluentd fluentbit fluent-bit
flux fluxcd
foreman
gerrit
gitea
gitaly
github
gitlab
gke
glusterfs gluster
grafana
graylog
greenplum
hadoop hdfs
haproxy
harbor
hbase
helm
heroku
hive
honeycomb
icinga
influxdb influx
ingress-nginx nginx
istio
jaeger
jenkins
jira
jitsi
kafka
karpenter
keda
keycloak
kibana
kinesis
knative
kong
kubernetes k8s kube kubectl kubelet kubeadm
kubevirt
kustomize kustomization
kyverno
lambda
linkerd
logstash
loki
longhorn
mailgun
mariadb
mattermost
memcached
metallb
mimir
minio
mongodb mongo
mssql sqlserver
mysql percona
nagios
nats
neo4j
newrelic
nexus
nomad
oauth2-proxy
okta
openldap ldap
openshift ocp
openstack
opentelemetry otel
opsgenie
oracle
pagerduty
patroni
pgbouncer
pingdom
portworx
postgres postgresql psql pg
praefect
prometheus promql
proxmox
proxysql
pulsar
pulumi
puppet
rabbitmq amqp
rancher
rds
redis
redshift
rook
route53
s3
saltstack
sendgrid
sentry
sidekiq
singlestore
slurm
snowflake
solr
sonarqube
spark
spinnaker
splunk
squid
statuspage
strimzi
tailscale
teamcity
tekton
telegraf
tempo
temporal
terraform opentofu
thanos
tomcat
traefik
trino presto
unicorn
varnish
vault
velero
victoriametrics
vitess
vmware vsphere vcenter
wazuh
wireguard
yugabytedb yugabyte
zabbix
zipkin
zookeeper zk
zoom
"""
_NAMES = {name: frozenset(line.split()) for line in _PRODUCTS.split("\n") for name in line.split()}
_WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Named:
    """The products and other exact names of a question.

    Attributes:
        found: Those that a passage holds.
        missing: Products that none holds; empty where the question names none.
    """

    found: frozenset[str]
    missing: frozenset[str]

    @property
    def is_elsewhere(self) -> bool:
        """Whether the question is about products of which nothing is known."""
        return bool(self.missing) and not self.found


def named(question: str, passages: Iterable[str]) -> Named:
    """Compare a question's names with what was found.

    Args:
        passages: Everything that is known of each: its path, title, headings and text.
    """
    known = "\n".join(passages).casefold()
    words = frozenset(_WORD.findall(question.casefold()))
    asked = {word for word in words if word in _NAMES}
    held = {word for word in asked if any(_stands_in(name, known) for name in _NAMES[word])}
    exact = {name for name in identifiers(question) if name in known}
    return Named(found=frozenset(held | exact), missing=frozenset(asked - held))


def _stands_in(name: str, text: str) -> bool:
    return re.search(rf"(?<![a-z0-9]){re.escape(name)}", text) is not None
