//! Another register, as two operators bring it.

use statuscheck::register::write_whole;
use statuscheck_domain::agreement::Register;
use statuscheck_proto::register::v1::plan_register_request::Source;
use statuscheck_proto::register::v1::register_service_client::RegisterServiceClient;
use statuscheck_proto::register::v1::{ApplyRegisterRequest, PlanRegisterRequest};

use super::House;

impl House {
    /// Plans the first other register of the house, and applies it; what that changed.
    pub async fn apply(&self, register: &Register) -> Vec<String> {
        let operator = |name: &str| RegisterServiceClient::new(self.channel(name));
        let source = Some(Source::Toml(write_whole(register).expect("a register")));
        let planned = operator("ops/duty-1")
            .plan_register(PlanRegisterRequest { source })
            .await;
        let planned = planned.expect("a plan").into_inner();
        let plan_id = planned.plan_id;
        let applied = operator("ops/duty-2")
            .apply_register(ApplyRegisterRequest { plan_id })
            .await;
        assert_eq!(applied.expect("it is applied").into_inner().version, 1);
        planned.changes
    }
}
