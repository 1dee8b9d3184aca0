//! One function for each kind of check.

use statuscheck_proto::v1::check_request::Check;
use statuscheck_proto::v1::{
    Case, CheckRequest, CheckResponse, EducationBenefit, GetCaseRequest, IecasCheck, ListCasesRequest,
    Person, RightToRentCheck, RightToWorkCheck, Section95Check,
};
use tonic::Status;

use crate::house::House;

/// Whom a check is about, as a caller names them.
#[derive(Clone, Default)]
pub struct Subject {
    /// Share code; empty where the check is by names.
    pub share_code: String,
    /// Names, dates, numbers.
    pub person: Person,
}

/// By share code and date of birth.
pub fn by_code(share_code: &str, date_of_birth: &str) -> Subject {
    Subject {
        share_code: share_code.to_owned(),
        person: Person {
            date_of_birth: date_of_birth.to_owned(),
            ..Person::default()
        },
    }
}

/// By names and date of birth.
pub fn by_name(given: &str, family: &str, date_of_birth: &str) -> Subject {
    Subject {
        share_code: String::new(),
        person: Person {
            given_names: given.to_owned(),
            family_name: family.to_owned(),
            date_of_birth: date_of_birth.to_owned(),
            ..Person::default()
        },
    }
}

/// By asylum support reference, family name and date of birth.
pub fn by_nass(reference: &str, family: &str, date_of_birth: &str) -> Subject {
    let mut subject = by_name("", family, date_of_birth);
    subject.person.asylum_support_reference = reference.to_owned();
    subject
}

/// By National Insurance number, family name and date of birth.
pub fn by_nino(number: &str, family: &str, date_of_birth: &str) -> Subject {
    by_name("", family, date_of_birth).and_nino(number)
}

impl Subject {
    /// With a National Insurance number too.
    pub fn and_nino(mut self, number: &str) -> Self {
        number.clone_into(&mut self.person.national_insurance_number);
        self
    }

    /// With a Home Office reference too.
    pub fn and_reference(mut self, reference: &str) -> Self {
        reference.clone_into(&mut self.person.home_office_reference);
        self
    }

    /// With another date of birth.
    pub fn but_born(mut self, day: &str) -> Self {
        day.clone_into(&mut self.person.date_of_birth);
        self
    }

    /// A right to work check.
    pub fn work(self) -> Check {
        Check::RightToWork(RightToWorkCheck {
            share_code: self.share_code,
            person: Some(self.person),
        })
    }

    /// A right to rent check for a tenancy from that day.
    pub fn rent(self, tenancy_start: &str) -> Check {
        Check::RightToRent(RightToRentCheck {
            share_code: self.share_code,
            person: Some(self.person),
            tenancy_start: tenancy_start.to_owned(),
        })
    }

    /// A Section 95 check for free school meals.
    pub fn support(self) -> Check {
        Check::Section95(Section95Check {
            person: Some(self.person),
            benefit: EducationBenefit::FreeSchoolMeals.into(),
        })
    }

    /// An immigration status check.
    pub fn status(self) -> Check {
        Check::Iecas(IecasCheck {
            person: Some(self.person),
        })
    }
}

/// A request under a new id.
pub fn request(check: Check) -> CheckRequest {
    CheckRequest {
        request_id: uuid::Uuid::new_v4().to_string(),
        check: Some(check),
        agreement_id: String::new(),
        caller_reference: String::new(),
    }
}

/// An employer asks.
pub async fn right_to_work(house: &House, subject: Subject) -> CheckResponse {
    house.answered(EMPLOYER, request(subject.work())).await
}

/// A landlord asks, for a tenancy from that day.
pub async fn right_to_rent(house: &House, subject: Subject, tenancy_start: &str) -> CheckResponse {
    house
        .answered(LANDLORD, request(subject.rent(tenancy_start)))
        .await
}

/// A council asks.
pub async fn section_95(house: &House, subject: Subject) -> CheckResponse {
    house.answered(COUNCIL, request(subject.support())).await
}

/// A trust asks.
pub async fn iecas(house: &House, subject: Subject) -> CheckResponse {
    house.answered(TRUST, request(subject.status())).await
}

/// Asks right to work checks.
pub const EMPLOYER: &str = "organisation/employer";
/// Asks right to rent checks.
pub const LANDLORD: &str = "organisation/landlord";
/// Asks Section 95 checks.
pub const COUNCIL: &str = "organisation/council";
/// Asks for immigration status.
pub const TRUST: &str = "organisation/trust";
/// Has no agreement, unless a test gives it one.
pub const STRANGER: &str = "organisation/stranger";

impl House {
    /// Asks as `who` and expects to be answered.
    pub async fn answered(&self, who: &str, request: CheckRequest) -> CheckResponse {
        self.check(who, request).await.expect("an answer")
    }

    /// Reads a case as `who`.
    ///
    /// # Errors
    /// What the gateway says.
    pub async fn case(&self, who: &str, case_id: &str) -> Result<Case, Status> {
        let case_id = case_id.to_owned();
        let read = self.client(who).get_case(GetCaseRequest { case_id }).await?;
        Ok(read.into_inner().case.expect("a case"))
    }

    /// The first page of the cases of `who`, as large as it gets.
    pub async fn cases(&self, who: &str) -> Vec<Case> {
        let page = ListCasesRequest {
            page_size: 500,
            ..ListCasesRequest::default()
        };
        let listed = self.client(who).list_cases(page).await.expect("a page");
        listed.into_inner().cases
    }

    /// Asks as `who`.
    ///
    /// # Errors
    /// What the gateway says.
    pub async fn check(&self, who: &str, request: CheckRequest) -> Result<CheckResponse, Status> {
        Ok(self.client(who).check(request).await?.into_inner())
    }
}
